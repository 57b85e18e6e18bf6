"""What Izhikevich's cells share.

Izhikevich (2003), IEEE Trans. Neural Networks 14:1569, eqs. 1-3::

    dv/dt = 0.04 v² + 5 v + 140 - u + I        v in mV, t in ms, u and I in mV/ms
    du/dt = a (b v - u)
    if v >= 30 mV:  v = c,  u = u + d
"""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.cells import Cell, Step, ValueSetting, check_at_least, drawn, quantity, ranges, refuse
from varesearch.model.propagators import charge_gain

SPIKE_PEAK_MV = 30.0
"""Where the cell is reset (eq. 3)."""

THRESHOLD = f"v >= {SPIKE_PEAK_MV:g}"
RESET = "v = c\nu += d"


def euler(synaptic: str) -> Step:
    """Return the step of forward Euler for v and u; ``synaptic``: the synapses' input, ``""`` for voltage steps."""
    return Step(
        update=f"""
            dv = 0.04*v*v + 5*v + 140 - u + {{drive}}{f" + {synaptic}" if synaptic else ""}
            u = u + h*a*(b*v - u)
            v = v + h*dv
        """,
        threshold=THRESHOLD,
        reset=RESET,
    )


def midpoint(synaptic: str) -> Step:
    """Return SpiNNaker's midpoint rule in float64 (sPyNNaker ``neuron_model_izh_impl.h``).

    The step after a spike is 1.85 steps long, to make up for the part of a step past the threshold (Hopkins and Furber
    2015, Neural Comput. 27:2148). The input of the step's start lasts throughout the step.
    """
    return Step(
        update=f"""
            p = {{drive}} + {synaptic} + 140 - u
            alpha = (0.04*v + 5)*v + p
            eta = v + 0.5*alpha*step
            beta = 0.5*step*a*(b*v - u)
            v = v + step*(p - beta + (0.04*eta + 5)*eta)
            u = u + step*a*(b*eta - (u + beta))
            step = h
        """,
        threshold=THRESHOLD,
        reset=f"{RESET}\nstep = 1.85*h",
        further=("step",),
        starts=lambda _parameters, dt_ms: {"step": dt_ms},
        gain=charge_gain,
    )


SUBSTEPS = 16
"""How many steps of Euler's method :func:`substeps` takes in a time step."""


def substeps(synaptic: str) -> Step:
    """Return the scheme of Trensch et al. 2018 (Front. Neuroinform. 12:81): semi-implicit Euler in 16 parts of a step.

    u follows from the new v. Threshold and reset are in each part; a spike counts for the whole step, and a second one
    in the same step is not counted. The input of the step's start lasts throughout the step.
    """
    part = f"""
            v = v + h/{SUBSTEPS}*((0.04*v + 5)*v + 140 - u + current)
            u = u + h/{SUBSTEPS}*a*(b*v - u)
            over = int({THRESHOLD})
            v = over*c + (1 - over)*v
            u = u + over*d
            fired = fired + over
    """
    return Step(
        update=f"""
            current = {{drive}} + {synaptic}
            fired = 0
            {(part * SUBSTEPS).strip()}
        """,
        threshold="fired > 0.5",
        reset="fired = 0",
        further=("fired",),
        gain=charge_gain,
    )


@dataclass
class IzhikevichCell(Cell):
    """The parameters of eqs. 1-3, and the state at time 0."""

    variables: ClassVar = {"v": "mV", "u": "mV/ms"}

    a: float = quantity(0.02, "1/ms", "rate of the recovery variable u", plausible=ranges.RECOVERY_RATE_PER_MS)
    b: float = quantity(0.2, "1/ms", "sensitivity of u to v", plausible=ranges.RECOVERY_SLOPE_PER_MS)
    c: float = quantity(-65.0, "mV", "v after a spike", plausible=ranges.POTENTIAL_MV)
    d: float = quantity(2.0, "mV/ms", "added to u at a spike", plausible=ranges.RECOVERY_MV_PER_MS)
    i_offset: float = quantity(5.0, "mV/ms", "constant input current", plausible=ranges.CURRENT_MV_PER_MS)
    u_init: ValueSetting = drawn(-14.0, "mV/ms", "u at time 0", plausible=ranges.RECOVERY_MV_PER_MS)

    def check(self, dt_ms: float) -> None:
        check_at_least("cell.a", self.a, 0.0, "per ms")
        if self.a * dt_ms > 1:
            refuse("cell.a", self.a, f"is too fast for the step; it must be at most 1/dt_ms={1 / dt_ms:g} per ms")
        if self.c >= SPIKE_PEAK_MV:
            below = f"must be below the peak of a spike, {SPIKE_PEAK_MV:g} mV"
            refuse("cell.c", self.c, f"{below}; else firing never stops")
