"""Leaky integrate-and-fire with alpha-shaped currents."""

from dataclasses import dataclass
from typing import Any

from varesearch.model.cells import Synapse, quantity, ranges
from varesearch.model.cells._integrate_and_fire import IntegrateAndFire


@dataclass
class IfCurrAlpha(IntegrateAndFire):
    """PyNN ``IF_curr_alpha``: alpha-shaped currents whose peak is the weight.

    Default weights give the charge of :class:`IfCurrExp`'s: an alpha current of peak w and time constant tau carries
    e w tau, an exponential one w tau.
    """

    synapse = Synapse.ALPHA

    tau_syn_E: float = quantity(
        5.0, "ms", "time to the peak of the excitatory current", sense=ranges.SYNAPTIC_MS, hard=ranges.DIVISOR
    )
    tau_syn_I: float = quantity(
        10.0, "ms", "time to the peak of the inhibitory current", sense=ranges.SYNAPTIC_MS, hard=ranges.DIVISOR
    )
    weight_exc: Any = quantity(
        0.006, "nA", "excitatory weight (peak) where connectivity names none", sense=ranges.WEIGHT_NA
    )
    weight_inh: Any = quantity(
        0.033, "nA", "inhibitory weight (peak) where connectivity names none", sense=ranges.WEIGHT_NA
    )
    weight_stimulus: Any = quantity(
        0.04, "nA", "weight of the stimulus where stimulus names none", sense=ranges.WEIGHT_NA
    )
