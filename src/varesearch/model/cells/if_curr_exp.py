"""Leaky integrate-and-fire with exponential currents."""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.cells import FREE, Pynn, Step, Steps, Synapse, ValueSetting, drawn, quantity, ranges
from varesearch.model.cells._integrate_and_fire import NEST, NEST_SYNAPSES, RESET, THRESHOLD, IntegrateAndFire
from varesearch.model.propagators import membrane_with_exponential_currents

EXACT = Step(
    update=f"""
        {FREE}
        v = v + free*((v_rest - v)*(1 - leak) + gain*{{drive}} + gain_E*ie + gain_I*ii)
    """,
    threshold=THRESHOLD,
    reset=RESET,
    constants=membrane_with_exponential_currents,
)
"""The closed form of the membrane with its currents."""


@dataclass
class IfCurrExp(IntegrateAndFire):
    """PyNN ``IF_curr_exp``: exponential currents. Defaults: Vogels-Abbott CUBA, PyNN's variant (+16.2 / -90 pA).

    cm dv/dt = cm (v_rest - v)/tau_m + i_exc - i_inh + i_offset;  di/dt = -i/tau_syn, a spike adds its weight to i;
    v >= v_thresh: v = v_reset, held for tau_refrac (Vogels and Abbott 2005, J. Neurosci. 25:10786; Brette et al. 2007,
    J. Comput. Neurosci. 23:349, benchmark 2).
    """

    synapse = Synapse.CURRENT
    simulators: ClassVar = {
        "brian2": Steps({"exact": EXACT}),
        "nest": Pynn("IF_curr_exp", ("exact",), native=NEST | NEST_SYNAPSES, variables={"v": "V_m"}),
        "spinnaker": Pynn("IF_curr_exp", ("exact",)),
    }

    tau_syn_E: float = quantity(5.0, "ms", "decay of the excitatory current", plausible=ranges.SYNAPTIC_MS)
    tau_syn_I: float = quantity(10.0, "ms", "decay of the inhibitory current", plausible=ranges.SYNAPTIC_MS)
    weight_exc: ValueSetting = drawn(0.0162, "nA", "default excitatory weight", plausible=ranges.WEIGHT_NA)
    weight_inh: ValueSetting = drawn(0.09, "nA", "default inhibitory weight", plausible=ranges.WEIGHT_NA)
    weight_stimulus: ValueSetting = drawn(0.1, "nA", "default weight of a stimulus", plausible=ranges.WEIGHT_NA)
