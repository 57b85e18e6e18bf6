"""Leaky integrate-and-fire with alpha-shaped conductances.

sPyNNaker 7.4.1 has a class ``IF_cond_alpha`` but no program for it, so that SpiNNaker does not have the cell.
"""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.cells import FREE, Pynn, Step, Steps, Synapse, ValueSetting, drawn, quantity, ranges
from varesearch.model.cells._integrate_and_fire import NEST, NEST_SYNAPSES, RESET, THRESHOLD, IntegrateAndFire
from varesearch.model.propagators import mean_alpha_conductances

EXPONENTIAL_MEAN = Step(
    update=f"""
        {FREE}
        g_E = mean_E*ge + mean_yE*ye
        g_I = mean_I*gi + mean_yI*yi
        g = c_m/tau_m + g_E + g_I
        v_inf = (c_m/tau_m*v_rest + g_E*e_rev_E + g_I*e_rev_I + {{drive}})/g
        v = v + free*(v_inf - v)*(1 - exp(-h*g/c_m))
    """,
    threshold=THRESHOLD,
    reset=RESET,
    constants=mean_alpha_conductances,
)
"""The membrane's closed form with the mean conductances of the step, which are exact.

This is the Magnus expansion of the membrane's linear equation to second order (Blanes, Casas, Oteo and Ros 2009, Phys.
Rep. 470:151): its error falls with dt². A PSP of 2.4 mV is right to 0.0012 mV at a step of 1 ms, to 1.2e-5 mV at
0.1 ms.
"""


@dataclass
class IfCondAlpha(IntegrateAndFire):
    """PyNN ``IF_cond_alpha``: alpha-shaped conductances whose peak is the weight.

    cm dv/dt = cm (v_rest - v)/tau_m + g_exc (e_rev_E - v) + g_inh (e_rev_I - v) + i_offset;  dg/dt = (e y - g)/tau_syn,
    dy/dt = -y/tau_syn, a spike adds its weight w to y, which gives g(t) = w (t/tau_syn) exp(1 - t/tau_syn);
    v >= v_thresh: v = v_reset, held for tau_refrac (Rall 1967, J. Neurophysiol. 30:1138, for the alpha function;
    PyNN's standard cell).

    The defaults of the membrane and the reversal potentials are those of :class:`IfCondExp`, the Vogels-Abbott COBA
    network. Default weights give the integral of its conductances: an alpha conductance of peak w and time constant tau
    has the integral e w tau, an exponential one w tau.
    """

    synapse = Synapse.ALPHA_CONDUCTANCE
    simulators: ClassVar = {
        "brian2": Steps({"exponential_mean": EXPONENTIAL_MEAN}),
        "nest": Pynn(
            "IF_cond_alpha",
            ("rkf45",),
            native=NEST
            | NEST_SYNAPSES
            | {"e_rev_E": "E_ex", "e_rev_I": "E_in", "tau_m": "g_L = 1000 cm / tau_m in nS"},
            variables={"v": "V_m"},
        ),
    }

    v_rest: float = quantity(-60.0, "mV", "resting potential", plausible=ranges.POTENTIAL_MV)
    tau_syn_E: float = quantity(
        5.0, "ms", "time to the peak of the excitatory conductance", plausible=ranges.SYNAPTIC_MS
    )
    tau_syn_I: float = quantity(
        10.0, "ms", "time to the peak of the inhibitory conductance", plausible=ranges.SYNAPTIC_MS
    )
    e_rev_E: float = quantity(0.0, "mV", "excitatory reversal potential", plausible=ranges.REVERSAL_MV)
    e_rev_I: float = quantity(-80.0, "mV", "inhibitory reversal potential", plausible=ranges.REVERSAL_MV)
    weight_exc: ValueSetting = drawn(0.0015, "µS", "default excitatory weight (peak)", plausible=ranges.WEIGHT_US)
    weight_inh: ValueSetting = drawn(0.019, "µS", "default inhibitory weight (peak)", plausible=ranges.WEIGHT_US)
    weight_stimulus: ValueSetting = drawn(0.037, "µS", "default weight of a stimulus", plausible=ranges.WEIGHT_US)
