"""Hodgkin and Huxley's cell with Traub and Miles' rates and exponential conductances. sPyNNaker does not have it."""

from dataclasses import dataclass
from typing import Any, ClassVar

from varesearch.model.cells import (
    HOLD,
    Cell,
    Name,
    NativeModel,
    Step,
    Steps,
    Synapse,
    ValueSetting,
    check_at_least,
    check_few_steps,
    check_multiple,
    drawn,
    quantity,
    ranges,
    refuse,
    uniform,
)
from varesearch.model.propagators import Parameters, decay

LONGEST_STEP_MS = 0.1
"""A spike is counted where v falls and is still above v_offset + 30 mV, which takes half a millisecond."""

PARTS = 5
"""Parts of a step on Brian2: with them every spike of a second is within a step of the equations' own."""

_SLOPES = """
    x = v_at - v_offset
    y = (15 - x)/10 + 1e-9*int(abs(15 - x) < 1e-8)
    a_n = 0.16*exp(-y)*y/sinh(y)
    b_n = 0.5*exp((10 - x)/40)
    y = (13 - x)/8 + 1e-9*int(abs(13 - x) < 1e-8)
    a_m = 1.28*exp(-y)*y/sinh(y)
    y = (x - 40)/10 + 1e-9*int(abs(x - 40) < 1e-8)
    b_m = 1.4*exp(-y)*y/sinh(y)
    a_h = 0.128*exp((17 - x)/18)
    b_h = 4/(1 + exp((40 - x)/5))
    sodium = gbar_Na*m_at**3*h_at*(e_rev_Na - v_at)
    potassium = gbar_K*n_at**4*(e_rev_K - v_at)
    others = g_leak*(e_rev_leak - v_at) + x_E*(e_rev_E - v_at) + x_I*(e_rev_I - v_at)
    dv{k} = (sodium + potassium + others + {{drive}})/c_m
    dm{k} = a_m*(1 - m_at) - b_m*m_at
    dh{k} = a_h*(1 - h_at) - b_h*h_at
    dn{k} = a_n*(1 - n_at) - b_n*n_at
"""
"""Traub and Miles' rates (exp(-y) y/sinh(y) is 2y/(exp(2y) - 1), without its gap at 0) and the slopes at ``.._at``."""


def _at(share: str, k: int) -> str:
    return "".join(f"{name}_at = {name} + {share}*d{name}{k}\n" for name in ("v", "m", "h", "n"))


_HALF = "x_E = x_E*half_E\nx_I = x_I*half_I\n"
_PART = (
    "".join(f"{name}_at = one*{name}\n" for name in ("v", "m", "h", "n"))
    + _SLOPES.format(k=1)
    + _at("0.5*part", 1)
    + _HALF
    + _SLOPES.format(k=2)
    + _at("0.5*part", 2)
    + _SLOPES.format(k=3)
    + _at("part", 3)
    + _HALF
    + _SLOPES.format(k=4)
    + "".join(f"{x} = {x} + part/6*(d{x}1 + 2*d{x}2 + 2*d{x}3 + d{x}4)\n" for x in ("v", "m", "h", "n"))
)


def _constants(parameters: Parameters, dt_ms: float) -> dict[str, Any]:
    part = dt_ms / PARTS
    halves = {f"half_{each}": decay(parameters[f"tau_syn_{each}"], part / 2) for each in "EI"}
    return {"one": 1.0, "part": part, **halves}


RUNGE_KUTTA = Step(
    update="v_before = one*v\nx_E = one*ge\nx_I = one*gi\n" + _PART * PARTS,
    threshold="v < v_before and v >= v_offset + 30 and t_in_timesteps >= free_from",
    reset=HOLD,
    constants=_constants,
    further=("v_before",),
)
"""The classical rule of fourth order in :data:`PARTS` parts of a step; conductances decay exactly."""


@dataclass
class HhCondExp(Cell):
    """PyNN ``HH_cond_exp``, NEST ``hh_cond_exp_traub``: sodium and potassium channels make the spike.

    cm dv/dt = gbar_Na m³h (e_rev_Na - v) + gbar_K n⁴ (e_rev_K - v) + g_leak (e_rev_leak - v) + g_exc (e_rev_E - v) +
    g_inh (e_rev_I - v) + i_offset;  dx/dt = alpha_x(v) (1 - x) - beta_x(v) x for x = m, h, n, the rates being those of
    Traub and Miles 1991 (Neuronal Networks of the Hippocampus) as Brette et al. 2007 (J. Comput. Neurosci. 23:349,
    benchmark 3) give them, from whose COBAHH network the defaults are, too;  dg/dt = -g/tau_syn, a spike adds its
    weight to g. A spike is counted in the step in which v falls while it is at least v_offset + 30 mV, and no other for
    tau_refrac after it: NEST's rule. Nothing is reset.
    """

    synapse = Synapse.CONDUCTANCE
    variables: ClassVar = {"v": "mV", "m": "", "h": "", "n": ""}
    simulators: ClassVar = {
        "brian2": Steps({"rk4": RUNGE_KUTTA}),
        "nest": NativeModel(
            "hh_cond_exp_traub",
            ("rkf45",),
            names={
                "gbar_Na": Name("g_Na", "nS", times=1000.0),
                "gbar_K": Name("g_K", "nS", times=1000.0),
                "g_leak": Name("g_L", "nS", times=1000.0),
                "cm": Name("C_m", "pF", times=1000.0),
                "i_offset": Name("I_e", "pA", times=1000.0),
                "v_offset": "V_T",
                "e_rev_Na": "E_Na",
                "e_rev_K": "E_K",
                "e_rev_leak": "E_L",
                "e_rev_E": "E_ex",
                "e_rev_I": "E_in",
                "tau_syn_E": "tau_syn_ex",
                "tau_syn_I": "tau_syn_in",
                "tau_refrac": Name("t_ref", note="no spike is counted; PyNN leaves it at NEST's 2 ms"),
            },
            variables={"v": "V_m", "m": "Act_m", "h": "Inact_h", "n": "Act_n"},
        ),
    }

    gbar_Na: float = quantity(  # noqa: N815 (PyNN's name)
        20.0, "µS", "largest sodium conductance", plausible=ranges.CONDUCTANCE_US
    )
    gbar_K: float = quantity(  # noqa: N815 (PyNN's name)
        6.0, "µS", "largest potassium conductance", plausible=ranges.CONDUCTANCE_US
    )
    g_leak: float = quantity(0.01, "µS", "leak conductance", plausible=ranges.CONDUCTANCE_US)
    cm: float = quantity(0.2, "nF", "membrane capacitance", plausible=ranges.CAPACITANCE_NF)
    v_offset: float = quantity(-63.0, "mV", "shift of the rates; sets the threshold", plausible=ranges.POTENTIAL_MV)
    e_rev_Na: float = quantity(  # noqa: N815 (PyNN's name)
        50.0, "mV", "reversal potential of sodium", plausible=ranges.REVERSAL_MV
    )
    e_rev_K: float = quantity(  # noqa: N815 (PyNN's name)
        -90.0, "mV", "reversal potential of potassium", plausible=ranges.REVERSAL_MV
    )
    e_rev_leak: float = quantity(-60.0, "mV", "reversal potential of the leak", plausible=ranges.REVERSAL_MV)
    e_rev_E: float = quantity(0.0, "mV", "excitatory reversal potential", plausible=ranges.REVERSAL_MV)
    e_rev_I: float = quantity(-80.0, "mV", "inhibitory reversal potential", plausible=ranges.REVERSAL_MV)
    tau_syn_E: float = quantity(5.0, "ms", "decay of the excitatory conductance", plausible=ranges.SYNAPTIC_MS)
    tau_syn_I: float = quantity(10.0, "ms", "decay of the inhibitory conductance", plausible=ranges.SYNAPTIC_MS)
    tau_refrac: float = quantity(2.0, "ms", "no other spike is counted for so long", plausible=ranges.REFRACTORY_MS)
    i_offset: float = quantity(0.0, "nA", "constant input current", plausible=ranges.CURRENT_NA)
    v_init: ValueSetting = drawn(uniform(-65.0, -55.0), "mV", "v at time 0", plausible=ranges.POTENTIAL_MV)
    m_init: ValueSetting = drawn(0.0, "", "m, the activation of sodium, at time 0", plausible=ranges.SHARE)
    h_init: ValueSetting = drawn(1.0, "", "h, the inactivation of sodium, at time 0", plausible=ranges.SHARE)
    n_init: ValueSetting = drawn(0.0, "", "n, the activation of potassium, at time 0", plausible=ranges.SHARE)
    weight_exc: ValueSetting = drawn(0.006, "µS", "default excitatory weight", plausible=ranges.WEIGHT_US)
    weight_inh: ValueSetting = drawn(0.067, "µS", "default inhibitory weight", plausible=ranges.WEIGHT_US)
    weight_stimulus: ValueSetting = drawn(0.1, "µS", "default weight of a stimulus", plausible=ranges.WEIGHT_US)

    def check(self, dt_ms: float) -> None:
        if dt_ms > LONGEST_STEP_MS * (1 + 1e-9):
            refuse(
                "simulation.dt_ms", dt_ms,
                f"is too long for cell={self.model}, whose spikes would be missed; it must be at most "
                f"{LONGEST_STEP_MS:g} ms (simulation=fine)",
            )  # fmt: skip
        for name in ("gbar_Na", "gbar_K", "g_leak"):
            check_at_least(f"cell.{name}", getattr(self, name), 0.0, "µS")
        check_at_least("cell.tau_refrac", self.tau_refrac, 0.0, "ms")
        check_few_steps("cell.tau_refrac", self.tau_refrac, dt_ms)
        check_multiple("cell.tau_refrac", self.tau_refrac, dt_ms)
