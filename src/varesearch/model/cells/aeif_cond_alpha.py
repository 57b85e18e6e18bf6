"""Adaptive exponential integrate-and-fire with alpha-shaped conductances. sPyNNaker has no program for it."""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.cells import Synapse, ValueSetting, drawn, quantity, ranges
from varesearch.model.cells._adaptive_exponential import AdaptiveExponential, on_nest, substeps


@dataclass
class AeifCondAlpha(AdaptiveExponential):
    """PyNN ``EIF_cond_alpha_isfa_ista``, NEST ``aeif_cond_alpha``: ``aeif_cond_exp`` with alpha-shaped conductances.

    cm dv/dt = cm (v_rest - v)/tau_m + cm/tau_m delta_T exp((v - v_thresh)/delta_T) + g_exc (e_rev_E - v) +
    g_inh (e_rev_I - v) - w + i_offset;  tau_w dw/dt = a (v - v_rest) - w;  v >= v_peak: v = v_reset, held for
    tau_refrac, w += b (Brette and Gerstner 2005, J. Neurophysiol. 94:3637);  dg/dt = (e y - g)/tau_syn,
    dy/dt = -y/tau_syn, a spike adds its weight to y, which is the peak of g.

    Default weights give the integral of :class:`AeifCondExp`'s conductances. At steps of 1 ms Brian2's scheme misses
    spikes where single weights exceed 0.1 µS: take steps of 0.1 ms then.
    """

    synapse = Synapse.ALPHA_CONDUCTANCE
    simulators: ClassVar = {"brian2": substeps(alpha=True), "nest": on_nest("EIF_cond_alpha_isfa_ista")}

    tau_syn_E: float = quantity(
        5.0, "ms", "time to the peak of the excitatory conductance", plausible=ranges.SYNAPTIC_MS
    )
    tau_syn_I: float = quantity(
        10.0, "ms", "time to the peak of the inhibitory conductance", plausible=ranges.SYNAPTIC_MS
    )
    weight_exc: ValueSetting = drawn(0.0015, "µS", "default excitatory weight (peak)", plausible=ranges.WEIGHT_US)
    weight_inh: ValueSetting = drawn(0.019, "µS", "default inhibitory weight (peak)", plausible=ranges.WEIGHT_US)
    weight_stimulus: ValueSetting = drawn(0.037, "µS", "default weight of a stimulus", plausible=ranges.WEIGHT_US)
