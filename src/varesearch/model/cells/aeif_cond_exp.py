"""Adaptive exponential integrate-and-fire with exponential conductances, which NEST alone has.

PyNN's Brian2 module has the cell too (``EIF_cond_exp_isfa_ista``), but it is not offered there: Brian2 would integrate
it with a fixed step, and near a spike v rises within less than a step, so that at 0.1 ms and more the spikes are not
those of the equations. NEST shortens its step there. sPyNNaker has no program for it.
"""

import math
import sys
from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.cells import Name, Pynn, Synapse, ValueSetting, check_at_least, drawn, quantity, ranges, refuse
from varesearch.model.cells._integrate_and_fire import NEST, NEST_SYNAPSES, IntegrateAndFire

STEEPEST = math.log(sys.float_info.max / 1e20)
"""The largest (v_peak - v_thresh) / delta_T that NEST accepts, for its exponential to stay finite."""


@dataclass
class AeifCondExp(IntegrateAndFire):
    """PyNN ``EIF_cond_exp_isfa_ista``, NEST ``aeif_cond_exp``: a spike has an exponential upstroke, and v adapts.

    cm dv/dt = cm (v_rest - v)/tau_m + cm/tau_m delta_T exp((v - v_thresh)/delta_T) + g_exc (e_rev_E - v) +
    g_inh (e_rev_I - v) - w + i_offset;  tau_w dw/dt = a (v - v_rest) - w;  dg/dt = -g/tau_syn, a spike adds its weight
    to g;  v >= v_peak: v = v_reset, held for tau_refrac, w += b (Brette and Gerstner 2005, J. Neurophysiol. 94:3637,
    whose parameters of the cell are the defaults; the current makes it fire).
    """

    synapse = Synapse.CONDUCTANCE
    variables: ClassVar = {"v": "mV", "w": "nA"}
    simulators: ClassVar = {
        "nest": Pynn(
            "EIF_cond_exp_isfa_ista",
            ("rkf45",),
            names={"v_peak": "v_spike", "a": Name("a", "nS", times=1000.0)},
            native=NEST
            | NEST_SYNAPSES
            | {
                "tau_m": "g_L = 1000 cm / tau_m in nS",
                "v_peak": "V_peak",
                "delta_T": "Delta_T",
                "b": "b, x 1000 in pA",
                "e_rev_E": "E_ex",
                "e_rev_I": "E_in",
            },
            variables={"v": "V_m", "w": Name("w", "pA", times=1000.0)},
        ),
    }

    v_rest: float = quantity(-70.6, "mV", "resting potential", plausible=ranges.POTENTIAL_MV)
    v_reset: float = quantity(-70.6, "mV", "v after a spike", plausible=ranges.POTENTIAL_MV)
    v_thresh: float = quantity(-50.4, "mV", "where the upstroke of a spike begins", plausible=ranges.POTENTIAL_MV)
    v_peak: float = quantity(0.0, "mV", "where a spike is cut off", plausible=ranges.POTENTIAL_MV)
    delta_T: float = quantity(  # noqa: N815 (PyNN's name)
        2.0, "mV", "sharpness of the upstroke", plausible=ranges.Range(0.1, 20, allowed=ranges.POSITIVE)
    )
    cm: float = quantity(0.281, "nF", "membrane capacitance", plausible=ranges.CAPACITANCE_NF)
    tau_m: float = quantity(9.3667, "ms", "membrane time constant", plausible=ranges.TIME_CONSTANT_MS)
    tau_refrac: float = quantity(2.0, "ms", "refractory period", plausible=ranges.REFRACTORY_MS)
    a: float = quantity(0.004, "µS", "adaptation below threshold", plausible=ranges.Range(-1, 1, least=1e-6))
    b: float = quantity(0.0805, "nA", "added to w at a spike", plausible=ranges.CURRENT_NA)
    tau_w: float = quantity(144.0, "ms", "time constant of w", plausible=ranges.TIME_CONSTANT_MS)
    i_offset: float = quantity(0.8, "nA", "constant input current", plausible=ranges.CURRENT_NA)
    tau_syn_E: float = quantity(5.0, "ms", "decay of the excitatory conductance", plausible=ranges.SYNAPTIC_MS)
    tau_syn_I: float = quantity(10.0, "ms", "decay of the inhibitory conductance", plausible=ranges.SYNAPTIC_MS)
    e_rev_E: float = quantity(0.0, "mV", "excitatory reversal potential", plausible=ranges.REVERSAL_MV)
    e_rev_I: float = quantity(-80.0, "mV", "inhibitory reversal potential", plausible=ranges.REVERSAL_MV)
    w_init: ValueSetting = drawn(0.0, "nA", "w at time 0", plausible=ranges.CURRENT_NA)
    weight_exc: ValueSetting = drawn(
        0.004, "µS", "excitatory weight where connectivity names none", plausible=ranges.WEIGHT_US
    )
    weight_inh: ValueSetting = drawn(
        0.051, "µS", "inhibitory weight where connectivity names none", plausible=ranges.WEIGHT_US
    )
    weight_stimulus: ValueSetting = drawn(
        0.1, "µS", "weight of the stimulus where stimulus names none", plausible=ranges.WEIGHT_US
    )

    def check(self, dt_ms: float) -> None:
        self.check_refractory(dt_ms)
        check_at_least("cell.v_peak", self.v_peak, self.v_thresh, "mV (cell.v_thresh)")
        if self.v_reset >= self.v_peak:
            below = f"must be below cell.v_peak={self.v_peak:g} mV"
            refuse("cell.v_reset", self.v_reset, f"{below}; else firing never stops")
        sharpest = (self.v_peak - self.v_thresh) / STEEPEST
        if self.delta_T <= sharpest:
            refuse("cell.delta_T", self.delta_T, f"makes exp overflow; it must be more than {sharpest:.3g} mV")
