"""The plausible ranges of quantities, for the declarations of the settings.

The ranges are wide: they contain all values that studies in the field use, so that a value outside is probably in the
wrong unit. It is accepted with a warning (:mod:`varesearch.config.validation.sense`). Values that cannot be computed
with are refused; that range is ``hard`` in a declaration.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """From ``low`` to ``high``, both included, in the unit of the setting.

    ``least`` is the smallest magnitude other than zero: zero means "none", but a tiny value probably a wrong unit.
    """

    low: float = -math.inf
    high: float = math.inf
    least: float = 0.0

    def holds(self, value: float) -> bool:
        """Whether the value lies in the range; integers may be of any size."""
        return self.low <= value <= self.high and (value == 0 or abs(value) >= self.least)

    def __str__(self) -> str:
        return f"{_text(self.low)} to {_text(self.high)}"


def _text(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e12 else f"{value:g}"


# Cells.
POTENTIAL_MV = Range(-200, 100, least=0.5)
REVERSAL_MV = Range(-200, 200, least=0.5)
TIME_CONSTANT_MS = Range(0.1, 10_000)
SYNAPTIC_MS = Range(0.05, 1_000)
REFRACTORY_MS = Range(0, 1_000, least=0.01)
CAPACITANCE_NF = Range(0.001, 10)
CURRENT_NA = Range(-20, 20, least=1e-6)
WEIGHT_NA = Range(0, 5, least=1e-6)
WEIGHT_US = Range(0, 3, least=1e-7)
WEIGHT_MV = Range(0, 100, least=1e-3)
# Izhikevich's cell, whose currents are added to dv/dt: 5 mV/ms is PyNN's 0.005 nA.
CURRENT_MV_PER_MS = Range(-200, 200, least=0.02)
WEIGHT_MV_PER_MS = Range(0, 1_000, least=1e-4)
RECOVERY_MV_PER_MS = Range(-1_000, 1_000)
RECOVERY_RATE_PER_MS = Range(0, 2)
RECOVERY_SLOPE_PER_MS = Range(-20, 20)

# Wiring and stimuli.
MOST_CELLS = 10_000_000
"""Cell ids have 32 bits, and no machine that this runs on has memory for more."""
DELAY_MS = Range(0.01, 1_000)
LENGTH_MM = Range(0.001, 1_000)
VELOCITY_MM_PER_MS = Range(0.01, 200)
RATE_HZ = Range(0.01, 20_000)
START_MS = Range(0, 1e8)
LENGTH_OF_TIME_MS = Range(0.01, 1e9)

# Runs.
DURATION_MS = Range(1, 1e8)
STEP_MS = Range(0.001, 10)
BIN_MS = Range(0.01, 100_000)
SAMPLING_MS = Range(0.001, 100_000)

# Machines.
SECONDS = Range(0.1, 1e7)
MEGABYTES = Range(50, 1e7)

COUNT_OF_CELLS = Range(2, MOST_CELLS)
COUNT_OF_SOURCES = Range(1, MOST_CELLS)
SEED = Range(0, 2**63 - 1)
INT32 = Range(-(2**31), 2**31 - 1)
"""Simulators store integers in 32 bits."""
DIVISOR = Range(1e-15, 1e15)
"""Divisors: the inverse stays finite, also when it is multiplied by any other quantity."""
