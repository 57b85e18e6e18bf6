"""Leaky integrate-and-fire with exponential conductances."""

from dataclasses import dataclass

from varesearch.model.cells import Synapse, ValueSetting, drawn, quantity, ranges
from varesearch.model.cells._integrate_and_fire import IntegrateAndFire


@dataclass
class IfCondExp(IntegrateAndFire):
    """PyNN ``IF_cond_exp``: exponential conductances. Defaults: Vogels-Abbott COBA, PyNN's variant (4 / 51 nS)."""

    synapse = Synapse.CONDUCTANCE

    v_rest: float = quantity(-60.0, "mV", "resting potential", sense=ranges.POTENTIAL_MV)
    tau_syn_E: float = quantity(
        5.0, "ms", "decay of the excitatory conductance", sense=ranges.SYNAPTIC_MS, hard=ranges.DIVISOR
    )
    tau_syn_I: float = quantity(
        10.0, "ms", "decay of the inhibitory conductance", sense=ranges.SYNAPTIC_MS, hard=ranges.DIVISOR
    )
    e_rev_E: float = quantity(0.0, "mV", "excitatory reversal potential", sense=ranges.REVERSAL_MV)
    e_rev_I: float = quantity(-80.0, "mV", "inhibitory reversal potential", sense=ranges.REVERSAL_MV)
    weight_exc: ValueSetting = drawn(
        0.004, "µS", "excitatory weight where connectivity names none", sense=ranges.WEIGHT_US
    )
    weight_inh: ValueSetting = drawn(
        0.051, "µS", "inhibitory weight where connectivity names none", sense=ranges.WEIGHT_US
    )
    weight_stimulus: ValueSetting = drawn(
        0.1, "µS", "weight of the stimulus where stimulus names none", sense=ranges.WEIGHT_US
    )
