"""Leaky integrate-and-fire with exponential conductances."""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.cells import FREE, Pynn, Step, Steps, Synapse, ValueSetting, drawn, quantity, ranges
from varesearch.model.cells._integrate_and_fire import NEST, NEST_SYNAPSES, RESET, THRESHOLD, IntegrateAndFire
from varesearch.model.propagators import charge_gain, membrane

EXPONENTIAL_EULER = Step(
    update=f"""
        {FREE}
        g = c_m/tau_m + ge + gi
        v_inf = (c_m/tau_m*v_rest + ge*e_rev_E + gi*e_rev_I + {{drive}})/g
        v = v + free*(v_inf - v)*(1 - exp(-h*g/c_m))
    """,
    threshold=THRESHOLD,
    reset=RESET,
)
"""The membrane's closed form with the conductances of the step's start."""

EULER = Step(
    update=f"""
        {FREE}
        v = v + free*h*((v_rest - v)/tau_m + (ge*(e_rev_E - v) + gi*(e_rev_I - v) + {{drive}})/c_m)
    """,
    threshold=THRESHOLD,
    reset=RESET,
)
"""Forward Euler for v. It overshoots where h (1/tau_m + g/c_m) nears 2: the Vogels-Abbott network's cells fire without
end at a step of 1 ms, where the exponential scheme does not."""

SPINNAKER = Step(
    update=f"""
        {FREE}
        v = v + free*((v_rest - v)*(1 - leak) + gain*(ge*(e_rev_E - v) + gi*(e_rev_I - v) + {{drive}}))
    """,
    threshold=THRESHOLD,
    reset=RESET,
    constants=membrane,
    gain=charge_gain,
)
"""SpiNNaker's in float64 (sPyNNaker ``neuron_model_lif_impl.h``): the leak is exact, the synaptic current that of the
step's start throughout; weights are multiplied by τ/dt (1 - exp(-dt/τ)), as those of all its decaying inputs. It
overshoots as Euler's does."""


@dataclass
class IfCondExp(IntegrateAndFire):
    """PyNN ``IF_cond_exp``: exponential conductances. Defaults: Vogels-Abbott COBA, PyNN's variant (4 / 51 nS).

    cm dv/dt = cm (v_rest - v)/tau_m + g_exc (e_rev_E - v) + g_inh (e_rev_I - v) + i_offset;  dg/dt = -g/tau_syn, a
    spike adds its weight to g;  v >= v_thresh: v = v_reset, held for tau_refrac (Vogels and Abbott 2005, J. Neurosci.
    25:10786; Brette et al. 2007, J. Comput. Neurosci. 23:349, benchmark 1).
    """

    synapse = Synapse.CONDUCTANCE
    simulators: ClassVar = {
        "brian2": Steps({"exponential_euler": EXPONENTIAL_EULER, "euler": EULER, "spinnaker": SPINNAKER}),
        "nest": Pynn(
            "IF_cond_exp",
            ("rkf45",),
            native=NEST
            | NEST_SYNAPSES
            | {"e_rev_E": "E_ex", "e_rev_I": "E_in", "tau_m": "g_L = 1000 cm / tau_m in nS"},
            variables={"v": "V_m"},
        ),
        "spinnaker": Pynn("IF_cond_exp", ("spinnaker",), scheme="synaptic current of the step's start"),
    }

    v_rest: float = quantity(-60.0, "mV", "resting potential", plausible=ranges.POTENTIAL_MV)
    tau_syn_E: float = quantity(5.0, "ms", "decay of the excitatory conductance", plausible=ranges.SYNAPTIC_MS)
    tau_syn_I: float = quantity(10.0, "ms", "decay of the inhibitory conductance", plausible=ranges.SYNAPTIC_MS)
    e_rev_E: float = quantity(0.0, "mV", "excitatory reversal potential", plausible=ranges.REVERSAL_MV)
    e_rev_I: float = quantity(-80.0, "mV", "inhibitory reversal potential", plausible=ranges.REVERSAL_MV)
    weight_exc: ValueSetting = drawn(0.004, "µS", "default excitatory weight", plausible=ranges.WEIGHT_US)
    weight_inh: ValueSetting = drawn(0.051, "µS", "default inhibitory weight", plausible=ranges.WEIGHT_US)
    weight_stimulus: ValueSetting = drawn(0.1, "µS", "default weight of a stimulus", plausible=ranges.WEIGHT_US)
