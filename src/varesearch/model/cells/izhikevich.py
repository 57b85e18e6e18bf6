"""Izhikevich's cell with exponential synaptic currents."""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.cells import (
    NativeModel,
    Pynn,
    Steps,
    Synapse,
    ValueSetting,
    drawn,
    quantity,
    ranges,
    uniform,
)
from varesearch.model.cells._izhikevich import IzhikevichCell, euler, midpoint, substeps

EULER = euler("ie + ii")
MIDPOINT = midpoint("ie + ii")
PARTS = substeps("ie + ii")


@dataclass
class Izhikevich(IzhikevichCell):
    """Izhikevich's cell with exponential synaptic currents, the model SpiNNaker calls ``Izhikevich``.

    dv/dt = 0.04 v² + 5 v + 140 - u + i_offset + i_exc - i_inh;  du/dt = a (b v - u);  v >= 30 mV: v = c, u += d
    (Izhikevich 2003, IEEE Trans. Neural Networks 14:1569, eqs. 1-3); di/dt = -i/tau_syn, a spike adds its weight to i.
    """

    synapse = Synapse.CURRENT
    simulators: ClassVar = {
        "brian2": Steps({"euler": EULER, "spinnaker": MIDPOINT, "substeps": PARTS}),
        "nest": NativeModel(
            "izhikevich_exp",
            ("euler",),
            names={"i_offset": "I_e", "tau_syn_E": "tau_syn_ex", "tau_syn_I": "tau_syn_in"},
            variables={"v": "V_m", "u": "U_m"},
            compiled=True,
            acts_on_arrival=True,
        ),
        "spinnaker": Pynn("Izhikevich", ("spinnaker",), scheme="midpoint", program="IZK_curr_exp"),
    }

    tau_syn_E: float = quantity(5.0, "ms", "decay of the excitatory current", plausible=ranges.SYNAPTIC_MS)
    tau_syn_I: float = quantity(5.0, "ms", "decay of the inhibitory current", plausible=ranges.SYNAPTIC_MS)
    v_init: ValueSetting = drawn(uniform(-65.0, -14.0), "mV", "v at time 0", plausible=ranges.POTENTIAL_MV)
    weight_exc: ValueSetting = drawn(1.0, "mV/ms", "default excitatory weight", plausible=ranges.WEIGHT_MV_PER_MS)
    weight_inh: ValueSetting = drawn(2.5, "mV/ms", "default inhibitory weight", plausible=ranges.WEIGHT_MV_PER_MS)
    weight_stimulus: ValueSetting = drawn(
        0.1, "mV/ms", "default weight of a stimulus", plausible=ranges.WEIGHT_MV_PER_MS
    )
