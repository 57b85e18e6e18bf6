"""Izhikevich's cell with voltage steps for synapses."""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.cells import (
    Cell,
    Name,
    Pynn,
    Step,
    Steps,
    Synapse,
    ValueSetting,
    drawn,
    quantity,
    ranges,
    uniform,
)
from varesearch.model.cells._izhikevich import RESET, THRESHOLD, check_recovery

EULER = Step(
    update="""
        dv = 0.04*v*v + 5*v + 140 - u + {drive}
        u = u + h*a*(b*v - u)
        v = v + h*dv
    """,
    threshold=THRESHOLD,
    reset=RESET,
)
"""Forward Euler for v and u."""


@dataclass
class IzhikevichDelta(Cell):
    """PyNN's standard ``Izhikevich`` cell: a spike steps v by its weight. Its i_offset here is in mV/ms (PyNN: nA)."""

    synapse = Synapse.VOLTAGE_STEP
    variables: ClassVar = {"v": "mV", "u": "mV/ms"}
    simulators: ClassVar = {
        "brian2": Steps({"euler": EULER}),
        # PyNN multiplies its nA by 1000 for the I_e that NEST adds to dv/dt in mV/ms.
        "nest": Pynn(
            "Izhikevich",
            ("euler",),
            names={"i_offset": Name("i_offset", "nA", over=1000.0)},
            native={"i_offset": "I_e, PyNN's x 1000, added to dv/dt in mV/ms"},
            variables={"v": "V_m", "u": "U_m"},
        ),
    }

    a: float = quantity(0.02, "1/ms", "rate of the recovery variable", sense=ranges.RECOVERY_RATE_PER_MS)
    b: float = quantity(0.2, "1/ms", "sensitivity of the recovery variable to v", sense=ranges.RECOVERY_SLOPE_PER_MS)
    c: float = quantity(-65.0, "mV", "v after a spike", sense=ranges.POTENTIAL_MV)
    d: float = quantity(2.0, "mV/ms", "added to u at a spike", sense=ranges.RECOVERY_MV_PER_MS)
    i_offset: float = quantity(5.0, "mV/ms", "constant input current", sense=ranges.CURRENT_MV_PER_MS)
    v_init: ValueSetting = drawn(uniform(-65.0, -50.0), "mV", "v at time 0", sense=ranges.POTENTIAL_MV)
    u_init: ValueSetting = drawn(-14.0, "mV/ms", "u at time 0", sense=ranges.RECOVERY_MV_PER_MS)
    weight_exc: ValueSetting = drawn(
        0.5, "mV", "excitatory weight where connectivity names none", sense=ranges.WEIGHT_MV
    )
    weight_inh: ValueSetting = drawn(
        1.25, "mV", "inhibitory weight where connectivity names none", sense=ranges.WEIGHT_MV
    )
    weight_stimulus: ValueSetting = drawn(
        0.5, "mV", "weight of the stimulus where stimulus names none", sense=ranges.WEIGHT_MV
    )

    def check(self, dt_ms: float) -> None:
        check_recovery(self.a, self.c, dt_ms)
