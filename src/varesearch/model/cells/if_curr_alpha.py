"""Leaky integrate-and-fire with alpha-shaped currents."""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.cells import FREE, Pynn, Step, Steps, Synapse, ValueSetting, drawn, quantity, ranges
from varesearch.model.cells._integrate_and_fire import NEST, NEST_SYNAPSES, RESET, THRESHOLD, IntegrateAndFire
from varesearch.model.propagators import membrane_with_alpha_currents

EXACT = Step(
    update=f"""
        {FREE}
        v = v + free*((v_rest - v)*(1 - leak) + gain*{{drive}} + gain_E*ie + gain_yE*ye + gain_I*ii + gain_yI*yi)
    """,
    threshold=THRESHOLD,
    reset=RESET,
    constants=membrane_with_alpha_currents,
)
"""The closed form of the membrane with its currents."""


@dataclass
class IfCurrAlpha(IntegrateAndFire):
    """PyNN ``IF_curr_alpha``: alpha-shaped currents whose peak is the weight.

    cm dv/dt = cm (v_rest - v)/tau_m + i_exc - i_inh + i_offset;  di/dt = (e y - i)/tau_syn, dy/dt = -y/tau_syn, a spike
    adds its weight w to y, which gives i(t) = w (t/tau_syn) exp(1 - t/tau_syn);  v >= v_thresh: v = v_reset, held for
    tau_refrac (Rotter and Diesmann 1999, Biol. Cybern. 81:381).

    Default weights give the charge of :class:`IfCurrExp`'s: an alpha current of peak w and time constant tau carries
    e w tau, an exponential one w tau.
    """

    synapse = Synapse.ALPHA
    simulators: ClassVar = {
        "brian2": Steps({"exact": EXACT}),
        "nest": Pynn("IF_curr_alpha", ("exact",), native=NEST | NEST_SYNAPSES, variables={"v": "V_m"}),
        "spinnaker": Pynn("IF_curr_alpha", ("exact",)),
    }

    tau_syn_E: float = quantity(5.0, "ms", "time to the peak of the excitatory current", plausible=ranges.SYNAPTIC_MS)
    tau_syn_I: float = quantity(10.0, "ms", "time to the peak of the inhibitory current", plausible=ranges.SYNAPTIC_MS)
    weight_exc: ValueSetting = drawn(0.006, "nA", "default excitatory weight (peak)", plausible=ranges.WEIGHT_NA)
    weight_inh: ValueSetting = drawn(0.033, "nA", "default inhibitory weight (peak)", plausible=ranges.WEIGHT_NA)
    weight_stimulus: ValueSetting = drawn(0.04, "nA", "default weight of a stimulus", plausible=ranges.WEIGHT_NA)
