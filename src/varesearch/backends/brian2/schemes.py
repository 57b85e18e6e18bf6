"""The one-step maps of the cells: what happens to a cell in a step, as Brian2 code over plain numbers.

All numbers are in the project's units (mV, ms, nF, nA, µS; mV/ms for Izhikevich). ``drive`` stands for the constant
current and whatever current step is on. A scheme's ``when`` says where in the step of Brian2's schedule
(:data:`SCHEDULE`) the map is applied: after the arrivals, if these go to currents or conductances; before them, if they
step v itself, so that a step over threshold is seen in the same step.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

SCHEDULE = ["start", "groups", "synapses", "thresholds", "resets", "end"]
"""Brian2's, but with the arrivals before the thresholds: a voltage step over threshold gives a spike of its step."""

BEFORE_ARRIVALS = "groups"
AFTER_ARRIVALS = "after_synapses"

Parameters = Mapping[str, float]


@dataclass(frozen=True)
class Scheme:
    """How a cell is stepped.

    ``state``: its variables. ``update``: the map of one step, with ``{drive}``. ``arrivals``: receptor -> what a spike
    of weight w does. ``constants(parameters, dt_ms)``: numbers that ``update`` uses beside the parameters.
    ``starts``: state variables that begin at another value than 0 where the network draws none.
    """

    state: tuple[str, ...]
    update: str
    threshold: str
    reset: str
    arrivals: Mapping[str, str]
    when: str
    constants: Callable[[Parameters, float], dict[str, float]]
    starts: Callable[[Parameters, float], dict[str, float]] = field(default=lambda _parameters, _dt_ms: {})


def _decay(parameters: Parameters, dt_ms: float) -> dict[str, float]:
    return {f"decay_{r}": float(np.exp(-dt_ms / parameters[f"tau_syn_{r}"])) for r in "EI"} | {"h": dt_ms}


def _step_only(_parameters: Parameters, dt_ms: float) -> dict[str, float]:
    return {"h": dt_ms}


_SPIKE = "v >= 30"
_RESET = "v = c\nu += d"

IZHIKEVICH_EULER = Scheme(
    state=("v", "u", "ie", "ii"),
    update="""
        dv = 0.04*v*v + 5*v + 140 - u + {drive} + ie + ii
        u = u + h*a*(b*v - u)
        v = v + h*dv
        ie = ie*decay_E
        ii = ii*decay_I
    """,
    threshold=_SPIKE,
    reset=_RESET,
    arrivals={"excitatory": "ie_post += w", "inhibitory": "ii_post += w"},
    when=AFTER_ARRIVALS,
    constants=_decay,
)
"""Forward Euler for v and u, the exact decay of the currents."""

IZHIKEVICH_SPINNAKER = Scheme(
    state=("v", "u", "ie", "ii", "step"),
    update="""
        p = {drive} + ie + ii + 140 - u
        alpha = (0.04*v + 5)*v + p
        eta = v + 0.5*alpha*step
        beta = 0.5*step*a*(b*v - u)
        v = v + step*(p - beta + (0.04*eta + 5)*eta)
        u = u + step*a*(b*eta - (u + beta))
        step = h
        ie = ie*decay_E
        ii = ii*decay_I
    """,
    threshold=_SPIKE,
    reset=f"{_RESET}\nstep = 1.85*h",
    arrivals={"excitatory": "ie_post += w", "inhibitory": "ii_post += w"},
    when=AFTER_ARRIVALS,
    constants=_decay,
    starts=lambda _parameters, dt_ms: {"step": dt_ms},
)
"""SpiNNaker's midpoint rule in float64 (sPyNNaker ``neuron_model_izh_impl.h``; Hopkins and Furber 2015, Neural Comput.
27:2148): the step after a spike is 1.85 steps long, to make up for the part of a step past the threshold."""

IZHIKEVICH_DELTA_EULER = Scheme(
    state=("v", "u"),
    update="""
        dv = 0.04*v*v + 5*v + 140 - u + {drive}
        u = u + h*a*(b*v - u)
        v = v + h*dv
    """,
    threshold=_SPIKE,
    reset=_RESET,
    arrivals={"excitatory": "v_post += w", "inhibitory": "v_post += w"},
    when=BEFORE_ARRIVALS,
    constants=_step_only,
)

_LIF_SPIKE = "v >= v_thresh"
_LIF_RESET = "v = v_reset\nfree_from = t_in_timesteps + held_steps + 1"
# v is held for held_steps updates after a spike: 1 when free, 0 when held.
_FREE = "free = int(t_in_timesteps >= free_from)"


def linear_propagator(matrix: np.ndarray, dt_ms: float) -> np.ndarray:
    """exp(matrix dt): the exact step of a linear system (Rotter and Diesmann 1999, Biol. Cybern. 81:381).

    By scaling and squaring of the Taylor series, which has no singular case where two time constants are equal.
    """
    squarings = max(0, int(np.ceil(np.log2(max(np.abs(matrix * dt_ms).sum(axis=1).max(), 1e-300)))) + 3)
    scaled = matrix * dt_ms / 2.0**squarings
    term = result = np.eye(len(matrix))
    for order in range(1, 16):
        term = term @ scaled / order
        result = result + term
    for _ in range(squarings):
        result = result @ result
    return result


def _membrane(parameters: Parameters, dt_ms: float) -> dict[str, float]:
    leak = float(np.exp(-dt_ms / parameters["tau_m"]))
    return {
        "leak": leak,
        "gain": parameters["tau_m"] / parameters["c_m"] * -float(np.expm1(-dt_ms / parameters["tau_m"])),
    }


def _exponential_currents(parameters: Parameters, dt_ms: float) -> dict[str, float]:
    constants = _membrane(parameters, dt_ms) | _decay(parameters, dt_ms)
    for receptor in "EI":
        rates = [[-1 / parameters["tau_m"], 1 / parameters["c_m"]], [0.0, -1 / parameters[f"tau_syn_{receptor}"]]]
        constants[f"gain_{receptor}"] = float(linear_propagator(np.array(rates), dt_ms)[0, 1])
    return constants


def _alpha_currents(parameters: Parameters, dt_ms: float) -> dict[str, float]:
    constants = _exponential_currents(parameters, dt_ms)
    for receptor in "EI":
        # di/dt = (e y - i)/τ, dy/dt = -y/τ: a step of y by w gives a current of peak w a time τ later.
        rate = 1 / parameters[f"tau_syn_{receptor}"]
        rates = [
            [-1 / parameters["tau_m"], 1 / parameters["c_m"], 0.0],
            [0.0, -rate, np.e * rate],
            [0.0, 0.0, -rate],
        ]
        step = linear_propagator(np.array(rates), dt_ms)
        constants[f"gain_y{receptor}"] = float(step[0, 2])
        constants[f"rise_{receptor}"] = float(step[1, 2])
    return constants


IF_CURR_EXP = Scheme(
    state=("v", "ie", "ii"),
    update=f"""
        {_FREE}
        v = v + free*((v_rest - v)*(1 - leak) + gain*{{drive}} + gain_E*ie + gain_I*ii)
        ie = ie*decay_E
        ii = ii*decay_I
    """,
    threshold=_LIF_SPIKE,
    reset=_LIF_RESET,
    arrivals={"excitatory": "ie_post += w", "inhibitory": "ii_post += w"},
    when=AFTER_ARRIVALS,
    constants=_exponential_currents,
)

IF_CURR_ALPHA = Scheme(
    state=("v", "ie", "ye", "ii", "yi"),
    update=f"""
        {_FREE}
        v = v + free*((v_rest - v)*(1 - leak) + gain*{{drive}} + gain_E*ie + gain_yE*ye + gain_I*ii + gain_yI*yi)
        ie = ie*decay_E + rise_E*ye
        ii = ii*decay_I + rise_I*yi
        ye = ye*decay_E
        yi = yi*decay_I
    """,
    threshold=_LIF_SPIKE,
    reset=_LIF_RESET,
    arrivals={"excitatory": "ye_post += w", "inhibitory": "yi_post += w"},
    when=AFTER_ARRIVALS,
    constants=_alpha_currents,
)

IF_CURR_DELTA = Scheme(
    state=("v",),
    update=f"""
        {_FREE}
        v = v + free*((v_rest - v)*(1 - leak) + gain*{{drive}})
    """,
    threshold=_LIF_SPIKE,
    reset=_LIF_RESET,
    # A spike that meets a refractory cell is lost, as in NEST.
    arrivals={
        "excitatory": "v_post += w*int(t_in_timesteps >= free_from_post)",
        "inhibitory": "v_post += w*int(t_in_timesteps >= free_from_post)",
    },
    when=BEFORE_ARRIVALS,
    constants=_membrane,
)

_CONDUCTANCES = {"excitatory": "ge_post += w", "inhibitory": "gi_post += w"}

IF_COND_EXP_EXPONENTIAL_EULER = Scheme(
    state=("v", "ge", "gi"),
    update=f"""
        {_FREE}
        g = c_m/tau_m + ge + gi
        v_inf = (c_m/tau_m*v_rest + ge*e_rev_E + gi*e_rev_I + {{drive}})/g
        v = v + free*(v_inf - v)*(1 - exp(-h*g/c_m))
        ge = ge*decay_E
        gi = gi*decay_I
    """,
    threshold=_LIF_SPIKE,
    reset=_LIF_RESET,
    arrivals=_CONDUCTANCES,
    when=AFTER_ARRIVALS,
    constants=_decay,
)
"""The membrane's closed form with the conductances of the step's start, and their exact decay."""

IF_COND_EXP_EULER = Scheme(
    state=("v", "ge", "gi"),
    update=f"""
        {_FREE}
        v = v + free*h*((v_rest - v)/tau_m + (ge*(e_rev_E - v) + gi*(e_rev_I - v) + {{drive}})/c_m)
        ge = ge*decay_E
        gi = gi*decay_I
    """,
    threshold=_LIF_SPIKE,
    reset=_LIF_RESET,
    arrivals=_CONDUCTANCES,
    when=AFTER_ARRIVALS,
    constants=_decay,
)
"""Forward Euler for v, the exact decay of the conductances. It overshoots where h (1/tau_m + g/c_m) nears 2: the
Vogels-Abbott network's cells fire without end at a step of 1 ms, where the exponential scheme does not."""

IF_COND_EXP_SPINNAKER = Scheme(
    state=("v", "ge", "gi"),
    update=f"""
        {_FREE}
        v = v + free*((v_rest - v)*(1 - leak) + gain*(ge*(e_rev_E - v) + gi*(e_rev_I - v) + {{drive}}))
        ge = ge*decay_E
        gi = gi*decay_I
    """,
    threshold=_LIF_SPIKE,
    reset=_LIF_RESET,
    arrivals=_CONDUCTANCES,
    when=AFTER_ARRIVALS,
    constants=lambda parameters, dt_ms: _membrane(parameters, dt_ms) | _decay(parameters, dt_ms),
)
"""SpiNNaker's in float64 (sPyNNaker ``neuron_model_lif_impl.h``): the leak is exact, the synaptic current that of the
step's start throughout. It overshoots as Euler's does."""

SCHEMES: dict[tuple[str, str], Scheme] = {
    ("izhikevich", "euler"): IZHIKEVICH_EULER,
    ("izhikevich", "spinnaker"): IZHIKEVICH_SPINNAKER,
    ("izhikevich_delta", "euler"): IZHIKEVICH_DELTA_EULER,
    ("if_cond_exp", "exponential_euler"): IF_COND_EXP_EXPONENTIAL_EULER,
    ("if_cond_exp", "euler"): IF_COND_EXP_EULER,
    ("if_cond_exp", "spinnaker"): IF_COND_EXP_SPINNAKER,
    ("if_curr_exp", "exact"): IF_CURR_EXP,
    ("if_curr_alpha", "exact"): IF_CURR_ALPHA,
    ("if_curr_delta", "exact"): IF_CURR_DELTA,
}
"""(cell model, integrator) -> its scheme."""
