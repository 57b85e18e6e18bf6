"""Izhikevich's cell with exponential synaptic conductances."""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.cells import NativeModel, Pynn, Steps, Synapse, ValueSetting, drawn, quantity, ranges, uniform
from varesearch.model.cells._izhikevich import IzhikevichCell, euler, midpoint

CURRENT = "ge*(e_rev_E - v) + gi*(e_rev_I - v)"
"""The synapses' input with the conductances and the v of the step's start."""


@dataclass
class IzhikevichCondExp(IzhikevichCell):
    """sPyNNaker ``Izhikevich_cond`` (program IZK_cond_exp): Izhikevich's cell with exponential conductances.

    dv/dt = 0.04 v² + 5 v + 140 - u + i_offset + g_exc (e_rev_E - v) + g_inh (e_rev_I - v);  du/dt = a (b v - u);
    v >= 30 mV: v = c, u += d (Izhikevich 2003, IEEE Trans. Neural Networks 14:1569, eqs. 1-3); dg/dt = -g/tau_syn, a
    spike adds its weight to g. The cell has no capacitance, so that a conductance is a rate in 1/ms.

    Reversal potentials are those of AMPA and GABA_A in Izhikevich, Gally and Edelman 2004 (Cereb. Cortex 14:933), which
    are sPyNNaker's defaults too. A default weight gives, at -65 mV (inhibition: at -50 mV), the input of
    :class:`Izhikevich`'s.
    """

    synapse = Synapse.CONDUCTANCE
    simulators: ClassVar = {
        "brian2": Steps({"euler": euler(CURRENT), "spinnaker": midpoint(CURRENT)}),
        "nest": NativeModel(
            "izhikevich_cond_exp",
            ("euler",),
            names={
                "i_offset": "I_e",
                "tau_syn_E": "tau_syn_ex",
                "tau_syn_I": "tau_syn_in",
                "e_rev_E": "E_ex",
                "e_rev_I": "E_in",
            },
            variables={"v": "V_m", "u": "U_m"},
            compiled=True,
            acts_on_arrival=True,
        ),
        "spinnaker": Pynn("extra_models.Izhikevich_cond", ("spinnaker",), scheme="midpoint", program="IZK_cond_exp"),
    }

    tau_syn_E: float = quantity(5.0, "ms", "decay of the excitatory conductance", plausible=ranges.SYNAPTIC_MS)
    tau_syn_I: float = quantity(5.0, "ms", "decay of the inhibitory conductance", plausible=ranges.SYNAPTIC_MS)
    e_rev_E: float = quantity(0.0, "mV", "excitatory reversal potential", plausible=ranges.REVERSAL_MV)
    e_rev_I: float = quantity(-70.0, "mV", "inhibitory reversal potential", plausible=ranges.REVERSAL_MV)
    v_init: ValueSetting = drawn(uniform(-65.0, -50.0), "mV", "v at time 0", plausible=ranges.POTENTIAL_MV)
    weight_exc: ValueSetting = drawn(0.015, "1/ms", "default excitatory weight", plausible=ranges.WEIGHT_PER_MS)
    weight_inh: ValueSetting = drawn(0.125, "1/ms", "default inhibitory weight", plausible=ranges.WEIGHT_PER_MS)
    weight_stimulus: ValueSetting = drawn(0.015, "1/ms", "default weight of a stimulus", plausible=ranges.WEIGHT_PER_MS)
