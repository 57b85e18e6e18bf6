"""Leaky integrate-and-fire with voltage steps."""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.cells import FREE, Pynn, Step, Steps, Synapse, ValueSetting, drawn, ranges
from varesearch.model.cells._integrate_and_fire import NEST, RESET, THRESHOLD, IntegrateAndFire
from varesearch.model.propagators import membrane

EXACT = Step(
    update=f"""
        {FREE}
        v = v + free*((v_rest - v)*(1 - leak) + gain*{{drive}})
    """,
    threshold=THRESHOLD,
    reset=RESET,
    constants=membrane,
)
"""The closed form of the membrane. A spike that meets a refractory cell is lost, as in NEST."""


@dataclass
class IfCurrDelta(IntegrateAndFire):
    """PyNN ``IF_curr_delta``: a spike steps v by its weight.

    Default weights move v as far as the charge of :class:`IfCurrExp`'s would: w tau_syn / cm.
    """

    synapse = Synapse.VOLTAGE_STEP
    simulators: ClassVar = {
        "brian2": Steps({"exact": EXACT}),
        "nest": Pynn("IF_curr_delta", ("exact",), native=NEST, variables={"v": "V_m"}),
        "spinnaker": Pynn("IF_curr_delta", ("exact",)),
    }

    weight_exc: ValueSetting = drawn(
        0.4, "mV", "excitatory weight where connectivity names none", sense=ranges.WEIGHT_MV
    )
    weight_inh: ValueSetting = drawn(
        4.5, "mV", "inhibitory weight where connectivity names none", sense=ranges.WEIGHT_MV
    )
    weight_stimulus: ValueSetting = drawn(
        2.5, "mV", "weight of the stimulus where stimulus names none", sense=ranges.WEIGHT_MV
    )
