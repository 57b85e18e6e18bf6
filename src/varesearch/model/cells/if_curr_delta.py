"""Leaky integrate-and-fire with voltage steps."""

from dataclasses import dataclass
from typing import Any

from varesearch.model.cells import Synapse, quantity, ranges
from varesearch.model.cells._integrate_and_fire import IntegrateAndFire


@dataclass
class IfCurrDelta(IntegrateAndFire):
    """PyNN ``IF_curr_delta``: a spike steps v by its weight.

    Default weights move v as far as the charge of :class:`IfCurrExp`'s would: w tau_syn / cm.
    """

    synapse = Synapse.VOLTAGE_STEP

    weight_exc: Any = quantity(0.4, "mV", "excitatory weight where connectivity names none", sense=ranges.WEIGHT_MV)
    weight_inh: Any = quantity(4.5, "mV", "inhibitory weight where connectivity names none", sense=ranges.WEIGHT_MV)
    weight_stimulus: Any = quantity(
        2.5, "mV", "weight of the stimulus where stimulus names none", sense=ranges.WEIGHT_MV
    )
