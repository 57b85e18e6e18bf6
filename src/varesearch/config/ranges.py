"""The ranges of quantities, for the declarations of the settings.

The plausible ranges are wide: they contain all values that studies in the field use, so that a value outside is
probably in the wrong unit. It is accepted with a warning (:mod:`varesearch.config.plausibility`). A value with which
nothing can be computed is refused: it is outside the allowed range.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """From ``low`` to ``high``, both included, in the unit of the setting.

    ``least`` is the smallest magnitude other than zero: zero means "none", but a tiny value probably a wrong unit.
    ``allowed`` is the range outside which a value is refused; None: any finite number, or any integer of 32 bits.

    Examples
    --------
    >>> tau_ms = Range(0.1, 10_000, allowed=POSITIVE)
    >>> tau_ms.holds(0.05), tau_ms.allowed.holds(0.05)
    (False, True)
    """

    low: float = -math.inf
    high: float = math.inf
    least: float = 0.0
    allowed: "Range | None" = None

    def holds(self, value: float) -> bool:
        """Whether the value lies in the range; integers may be of any size."""
        return self.low <= value <= self.high and (value == 0 or abs(value) >= self.least)

    def __str__(self) -> str:
        return f"{_text(self.low)} to {_text(self.high)}"


def _text(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e12 else f"{value:g}"


# What can be computed with and stored.
INT32 = Range(-(2**31), 2**31 - 1)
"""Simulators store integers in 32 bits."""
POSITIVE = Range(1e-15, 1e15)
"""Greater than 0, and such that the inverse stays finite, also when it is multiplied by any other quantity."""
NOT_NEGATIVE = Range(0)
AT_LEAST_ONE = Range(1, INT32.high)
MOST_CELLS = 10_000_000
"""Cell ids have 32 bits, and no machine that this runs on has memory for more."""
COUNT_OF_CELLS = Range(2, MOST_CELLS)
COUNT_OF_SOURCES = Range(1, MOST_CELLS)
SEED = Range(0, 2**63 - 1)

# Cells.
POTENTIAL_MV = Range(-200, 100, least=0.5)
REVERSAL_MV = Range(-200, 200, least=0.5)
TIME_CONSTANT_MS = Range(0.1, 10_000, allowed=POSITIVE)
SYNAPTIC_MS = Range(0.01, 1_000, allowed=POSITIVE)
REFRACTORY_MS = Range(0, 1_000, least=0.01)
CAPACITANCE_NF = Range(0.001, 10, allowed=POSITIVE)
CURRENT_NA = Range(-20, 20, least=1e-6)
WEIGHT_NA = Range(0, 5, least=1e-6)
WEIGHT_US = Range(0, 3, least=1e-7)
CONDUCTANCE_US = Range(0, 200, least=1e-5)
SHARE = Range(0, 1, allowed=Range(0, 1))
WEIGHT_MV = Range(0, 100, least=1e-3)
# Izhikevich's cell, whose currents are added to dv/dt: 5 mV/ms is PyNN's 0.005 nA.
CURRENT_MV_PER_MS = Range(-200, 200, least=0.02)
WEIGHT_MV_PER_MS = Range(0, 2_000, least=1e-4)
WEIGHT_PER_MS = Range(0, 20, least=1e-6)
RECOVERY_MV_PER_MS = Range(-1_000, 1_000)
RECOVERY_RATE_PER_MS = Range(0, 2)
RECOVERY_SLOPE_PER_MS = Range(-20, 20)

# Wiring and stimuli.
DELAY_MS = Range(0.01, 1_000)
LENGTH_MM = Range(0.001, 1_000, allowed=POSITIVE)
VELOCITY_MM_PER_MS = Range(0.01, 200, allowed=POSITIVE)
RATE_HZ = Range(0.01, 50_000)
START_MS = Range(0, 1e8, allowed=NOT_NEGATIVE)
LENGTH_OF_TIME_MS = Range(0.01, 1e9)

# Runs.
DURATION_MS = Range(1, 1e8, allowed=POSITIVE)
STEP_MS = Range(0.001, 10, allowed=POSITIVE)
BIN_MS = Range(0.01, 100_000, allowed=POSITIVE)
SAMPLING_MS = Range(0.001, 100_000, allowed=POSITIVE)

# Machines.
SECONDS = Range(0.1, 1e7, allowed=POSITIVE)
MEGABYTES = Range(50, 1e7, allowed=POSITIVE)
COUNT = Range(1, 10_000, allowed=AT_LEAST_ONE)
"""How many children or processors work at once."""
