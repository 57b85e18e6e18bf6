"""Adaptive exponential integrate-and-fire with exponential conductances. sPyNNaker has no program for it."""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.cells import Synapse, ValueSetting, drawn, quantity, ranges
from varesearch.model.cells._adaptive_exponential import AdaptiveExponential, on_nest, substeps


@dataclass
class AeifCondExp(AdaptiveExponential):
    """PyNN ``EIF_cond_exp_isfa_ista``, NEST ``aeif_cond_exp``: a spike has an exponential upstroke, and v adapts.

    cm dv/dt = cm (v_rest - v)/tau_m + cm/tau_m delta_T exp((v - v_thresh)/delta_T) + g_exc (e_rev_E - v) +
    g_inh (e_rev_I - v) - w + i_offset;  tau_w dw/dt = a (v - v_rest) - w;  dg/dt = -g/tau_syn, a spike adds its weight
    to g;  v >= v_peak: v = v_reset, held for tau_refrac, w += b (Brette and Gerstner 2005, J. Neurophysiol. 94:3637).

    At steps of 1 ms Brian2's scheme misses spikes where single weights exceed 0.1 µS: take steps of 0.1 ms then.
    """

    synapse = Synapse.CONDUCTANCE
    simulators: ClassVar = {"brian2": substeps(alpha=False), "nest": on_nest("EIF_cond_exp_isfa_ista")}

    tau_syn_E: float = quantity(5.0, "ms", "decay of the excitatory conductance", plausible=ranges.SYNAPTIC_MS)
    tau_syn_I: float = quantity(10.0, "ms", "decay of the inhibitory conductance", plausible=ranges.SYNAPTIC_MS)
    weight_exc: ValueSetting = drawn(0.004, "µS", "default excitatory weight", plausible=ranges.WEIGHT_US)
    weight_inh: ValueSetting = drawn(0.051, "µS", "default inhibitory weight", plausible=ranges.WEIGHT_US)
    weight_stimulus: ValueSetting = drawn(0.1, "µS", "default weight of a stimulus", plausible=ranges.WEIGHT_US)
