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

    cm dv/dt = cm (v_rest - v)/tau_m + i_offset;  v >= v_thresh: v = v_reset, held for tau_refrac. A spike that arrives
    meanwhile is lost. Brunel 2000 (J. Comput. Neurosci. 8:183) has these cells.

    Default weights move v as far as the charge of :class:`IfCurrExp`'s would: w tau_syn / cm.
    """

    synapse = Synapse.VOLTAGE_STEP
    simulators: ClassVar = {
        "brian2": Steps({"exact": EXACT}),
        "nest": Pynn("IF_curr_delta", ("exact",), native=NEST, variables={"v": "V_m"}),
        "spinnaker": Pynn("IF_curr_delta", ("exact",)),
    }

    weight_exc: ValueSetting = drawn(0.4, "mV", "default excitatory weight", plausible=ranges.WEIGHT_MV)
    weight_inh: ValueSetting = drawn(4.5, "mV", "default inhibitory weight", plausible=ranges.WEIGHT_MV)
    weight_stimulus: ValueSetting = drawn(2.5, "mV", "default weight of a stimulus", plausible=ranges.WEIGHT_MV)
