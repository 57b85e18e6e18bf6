"""What the adaptive exponential integrate-and-fire cells share: the parameters, and the step on Brian2.

Within a step NEST shortens its own steps as v rises to a spike, which takes less than a step. Brian2's step here is cut
into :data:`SUBSTEPS` equal parts. In each of them the other currents are held constant at their values in its middle;
then the upstroke has a closed form,

    v(t) = v + f t - delta_T log(1 - exp((v - v_thresh)/delta_T) (exp(f t/delta_T) - 1) delta_T/(f tau_m)),

f being all slopes of v but the exponential one. Where the logarithm's argument reaches 0, v reaches infinity within the
part: that is how a spike is found, however steep it is. The share of the part before the spike is 1/(1 - argument), and
the mean of v until then lies delta_T above its start, which w needs to know. What remains is of second order in the
part's length.

At steps of 1 ms that is too coarse for conductances that change v within a part: of random input with weights of 0.15
to 0.3 µS Brian2 answered with 53 of NEST's 56 and 46 of its 55 spikes; with weights up to 0.1 µS, or with steps of 0.1
ms, with all of them.
"""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from varesearch.model.cells import (
    FREE,
    HOLD,
    Name,
    Pynn,
    Step,
    Steps,
    ValueSetting,
    check_at_least,
    drawn,
    quantity,
    ranges,
    refuse,
)
from varesearch.model.cells._integrate_and_fire import NEST, NEST_SYNAPSES, IntegrateAndFire
from varesearch.model.propagators import Parameters, decay

STEEPEST = math.log(sys.float_info.max / 1e20)
"""The largest (v_peak - v_thresh) / delta_T that NEST accepts, for its exponential to stay finite."""

SUBSTEPS = 10
"""Parts of a step on Brian2, whatever the step: with them no spike in a second is more than a step from NEST's, at
steps of 0.1 and of 1 ms (``tests/backends/test_adaptive_exponential.py``)."""

_SLOPE = "(c_m/tau_m*(v_rest - {v}) + x_E*(e_rev_E - {v}) + x_I*(e_rev_I - {v}) - {w} + {{drive}})/c_m"
_HALF = "x_E = x_E*half_E\nx_I = x_I*half_I"
_HALF_OF_ALPHA = """
    x_E = x_E*half_E + rise_half_E*y_E
    x_I = x_I*half_I + rise_half_I*y_I
    y_E = y_E*half_E
    y_I = y_I*half_I
"""


_LEFT = """
    grows = clip(0.5*{part}*slope/delta_T, -300, 300)
    grows = grows + 1e-12*int(abs(grows) < 1e-12)
    left = 1 - upstroke*{part}/tau_m*exp(grows)*sinh(grows)/grows
"""
"""What the logarithm is taken of, after ``part``: (exp(2x) - 1)/2x, written so that it is exact near x = 0."""


def _substep(half: str) -> str:
    return f"""
        slope = {_SLOPE.format(v="v", w="w")}
        upstroke = exp(clip((v - v_thresh)/delta_T, -300, 300))
        {_LEFT.format(part="half_part")}
        v_mid = clip(v + half_part*slope - delta_T*log(clip(left, 1e-100, 1e100)), -1e9, v_peak)
        w_mid = w*w_half + a*(v - v_rest)*(1 - w_half)
        {half}
        slope = {_SLOPE.format(v="v_mid", w="w_mid")}
        {_LEFT.format(part="part")}
        v_new = v + part*slope - delta_T*log(clip(left, 1e-100, 1e100))
        hit = moves*int(int(left <= 0) + int(v_new >= v_peak) > 0)
        before = clip(1/(1.0000001 - left), 0, 1)
        v_mid = v + moves*(1 - hit)*(v_mid - v) + hit*(before*delta_T + (1 - before)*(v_reset - v))
        w = w*w_whole + a*(v_mid - v_rest)*(1 - w_whole) + hit*b*(1 - (1 - before)*part/tau_w)
        v = v + moves*(1 - hit)*(v_new - v) + hit*(v_reset - v)
        moves = moves*(1 - hit*int(held_steps > 0))
        peaked = peaked + hit
        {half}
    """


def _constants(parameters: Parameters, dt_ms: float) -> dict[str, float]:
    part = dt_ms / SUBSTEPS
    constants = {
        "one": 1.0,
        "part": part,
        "half_part": part / 2,
        "w_whole": decay(parameters["tau_w"], part),
        "w_half": decay(parameters["tau_w"], part / 2),
    }
    for receptor in "EI":
        tau_ms = parameters[f"tau_syn_{receptor}"]
        constants[f"half_{receptor}"] = decay(tau_ms, part / 2)
        constants[f"rise_half_{receptor}"] = np.e * part / 2 / tau_ms * decay(tau_ms, part / 2)
    return constants


def substeps(alpha: bool) -> Steps:
    """Return the step on Brian2, for conductances that decay or, if ``alpha``, for those that rise first."""
    # Times 1, for Brian2's numpy code changes what is no more than another name of ge in place, and ge with it.
    conductances = "x_E = one*ge\nx_I = one*gi" + ("\ny_E = one*ye\ny_I = one*yi" if alpha else "")
    update = f"{FREE}\nmoves = free\n{conductances}\n" + _substep(_HALF_OF_ALPHA if alpha else _HALF) * SUBSTEPS
    step = Step(update, "peaked > 0", f"peaked = 0\n{HOLD}", constants=_constants, further=("peaked",))
    return Steps({"substeps": step})


def on_nest(model: str) -> Pynn:
    """Return how PyNN's class ``model`` takes the parameters for NEST."""
    native: Mapping[str, str] = NEST | NEST_SYNAPSES
    return Pynn(
        model,
        ("rkf45",),
        names={"v_peak": "v_spike", "a": Name("a", "nS", times=1000.0)},
        native={
            **native,
            "tau_m": "g_L = 1000 cm / tau_m in nS",
            "v_peak": "V_peak",
            "delta_T": "Delta_T",
            "b": "b, x 1000 in pA",
            "e_rev_E": "E_ex",
            "e_rev_I": "E_in",
        },
        variables={"v": "V_m", "w": Name("w", "pA", times=1000.0)},
    )


@dataclass
class AdaptiveExponential(IntegrateAndFire):
    """The parameters of Brette and Gerstner's cell (2005, J. Neurophysiol. 94:3637), whose values are the defaults.

    The current makes it fire.
    """

    variables: ClassVar = {"v": "mV", "w": "nA"}

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
    e_rev_E: float = quantity(0.0, "mV", "excitatory reversal potential", plausible=ranges.REVERSAL_MV)
    e_rev_I: float = quantity(-80.0, "mV", "inhibitory reversal potential", plausible=ranges.REVERSAL_MV)
    w_init: ValueSetting = drawn(0.0, "nA", "w at time 0", plausible=ranges.CURRENT_NA)

    def check(self, dt_ms: float) -> None:
        self.check_refractory(dt_ms)
        check_at_least("cell.v_peak", self.v_peak, self.v_thresh, "mV (cell.v_thresh)")
        if self.v_reset >= self.v_peak:
            below = f"must be below cell.v_peak={self.v_peak:g} mV"
            refuse("cell.v_reset", self.v_reset, f"{below}; else firing never stops")
        sharpest = (self.v_peak - self.v_thresh) / STEEPEST
        if self.delta_T <= sharpest:
            refuse("cell.delta_T", self.delta_T, f"makes exp overflow; it must be more than {sharpest:.3g} mV")
