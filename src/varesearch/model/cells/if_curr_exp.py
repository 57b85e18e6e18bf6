"""Leaky integrate-and-fire with exponential currents."""

from dataclasses import dataclass

from varesearch.model.cells import Synapse, ValueSetting, drawn, quantity, ranges
from varesearch.model.cells._integrate_and_fire import IntegrateAndFire


@dataclass
class IfCurrExp(IntegrateAndFire):
    """PyNN ``IF_curr_exp``: exponential currents. Defaults: Vogels-Abbott CUBA, PyNN's variant (+16.2 / -90 pA)."""

    synapse = Synapse.CURRENT

    tau_syn_E: float = quantity(
        5.0, "ms", "decay of the excitatory current", sense=ranges.SYNAPTIC_MS, hard=ranges.DIVISOR
    )
    tau_syn_I: float = quantity(
        10.0, "ms", "decay of the inhibitory current", sense=ranges.SYNAPTIC_MS, hard=ranges.DIVISOR
    )
    weight_exc: ValueSetting = drawn(
        0.0162, "nA", "excitatory weight where connectivity names none", sense=ranges.WEIGHT_NA
    )
    weight_inh: ValueSetting = drawn(
        0.09, "nA", "inhibitory weight where connectivity names none", sense=ranges.WEIGHT_NA
    )
    weight_stimulus: ValueSetting = drawn(
        0.1, "nA", "weight of the stimulus where stimulus names none", sense=ranges.WEIGHT_NA
    )
