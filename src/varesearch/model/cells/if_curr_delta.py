"""Leaky integrate-and-fire with voltage steps."""

from dataclasses import dataclass

from varesearch.model.cells import Synapse, ValueSetting, drawn, ranges
from varesearch.model.cells._integrate_and_fire import IntegrateAndFire


@dataclass
class IfCurrDelta(IntegrateAndFire):
    """PyNN ``IF_curr_delta``: a spike steps v by its weight.

    Default weights move v as far as the charge of :class:`IfCurrExp`'s would: w tau_syn / cm.
    """

    synapse = Synapse.VOLTAGE_STEP

    weight_exc: ValueSetting = drawn(
        0.4, "mV", "excitatory weight where connectivity names none", sense=ranges.WEIGHT_MV
    )
    weight_inh: ValueSetting = drawn(
        4.5, "mV", "inhibitory weight where connectivity names none", sense=ranges.WEIGHT_MV
    )
    weight_stimulus: ValueSetting = drawn(
        2.5, "mV", "weight of the stimulus where stimulus names none", sense=ranges.WEIGHT_MV
    )
