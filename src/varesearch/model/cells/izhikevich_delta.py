"""Izhikevich's cell with voltage steps for synapses."""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.cells import Name, Pynn, Steps, Synapse, ValueSetting, drawn, ranges, uniform
from varesearch.model.cells._izhikevich import IzhikevichCell, euler

EULER = euler("")


@dataclass
class IzhikevichDelta(IzhikevichCell):
    """PyNN's standard ``Izhikevich`` cell: a spike steps v by its weight. Its i_offset here is in mV/ms (PyNN: nA).

    dv/dt = 0.04 v² + 5 v + 140 - u + i_offset;  du/dt = a (b v - u);  v >= 30 mV: v = c, u += d
    (Izhikevich 2003, IEEE Trans. Neural Networks 14:1569, eqs. 1-3).
    """

    synapse = Synapse.VOLTAGE_STEP
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

    v_init: ValueSetting = drawn(uniform(-65.0, -50.0), "mV", "v at time 0", plausible=ranges.POTENTIAL_MV)
    weight_exc: ValueSetting = drawn(0.5, "mV", "default excitatory weight", plausible=ranges.WEIGHT_MV)
    weight_inh: ValueSetting = drawn(1.25, "mV", "default inhibitory weight", plausible=ranges.WEIGHT_MV)
    weight_stimulus: ValueSetting = drawn(0.5, "mV", "default weight of a stimulus", plausible=ranges.WEIGHT_MV)
