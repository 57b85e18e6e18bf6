"""Spike-timing dependent plasticity of pairs of spikes."""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.config.projection import Receptor
from varesearch.model.synapses import EventCode, NestSynapse, PynnMechanism, Range, quantity, refuse
from varesearch.model.synapses._bounded import TIME_CONSTANT_MS, BoundedSynapse

_STEP = Range(0.0, 1.0, allowed=Range(0.0, 1e3))


@dataclass
class StdpSynapse(BoundedSynapse):
    """Spike-timing dependent plasticity of pairs, additive or multiplicative. Defaults: PyNN's ``SpikePairRule``.

    A target's spike seen a time s after one of the source: w += A_plus W_plus exp(-s/tau_plus); a source's spike seen s
    after one of the target: w -= A_minus W_minus exp(-s/tau_minus); then w is cut to w_min..w_max. Additive: W_plus =
    W_minus = w_max (Song, Miller and Abbott 2000, Nat. Neurosci. 3:919); multiplicative: W_plus = w_max - w, W_minus =
    w - w_min (van Rossum, Bi and Turrigiano 2000, J. Neurosci. 20:8812; Guetig et al. 2003, J. Neurosci. 23:3697, with
    mu = 1). Pairs are all of them, or those with the nearest spike before (symmetric nearest neighbours: Morrison,
    Diesmann and Gerstner 2008, Biol. Cybern. 98:459).
    """

    receptors: ClassVar[tuple[Receptor, ...]] = ("excitatory",)

    tau_plus: float = quantity(20.0, "ms", "decay of potentiation", plausible=TIME_CONSTANT_MS)
    tau_minus: float = quantity(20.0, "ms", "decay of depression", plausible=TIME_CONSTANT_MS)
    A_plus: float = quantity(
        0.01, "", "potentiation of a pair without delay, as a share of w_max (additive)", plausible=_STEP
    )
    A_minus: float = quantity(
        0.01, "", "depression of a pair without delay, as a share of w_max (additive)", plausible=_STEP
    )
    weight_dependence: str = quantity(
        "additive",
        "",
        "what a change is a share of: w_max, or what is left to the bound",
        ("additive", "multiplicative"),
    )
    pairing: str = quantity("all_to_all", "", "which pairs of spikes count", ("all_to_all", "nearest"))

    def _code(self) -> EventCode:
        added = "{0} + 1" if self.pairing == "all_to_all" else "1"
        additive = self.weight_dependence == "additive"
        up, down = ("w_max", "w_max") if additive else ("(w_max - w)", "(w - w_min)")
        return EventCode(
            pre_traces={"x_pre": self.tau_plus},
            post_traces={"x_post": self.tau_minus},
            on_pre=f"w = clip(w - A_minus*{down}*x_post_before, w_min, w_max)\nx_pre = {added.format('x_pre')}",
            on_post=f"w = clip(w + A_plus*{up}*x_pre, w_min, w_max)\nx_post = {added.format('x_post')}",
        )

    def _nest(self) -> NestSynapse:
        w_max, mu = self.bounds[1], 0.0 if self.weight_dependence == "additive" else 1.0
        # NEST's lambda is A_plus, alpha the ratio of the two; with lambda 0 a ratio cannot give A_minus.
        smallest = 1e-300
        return NestSynapse(
            "stdp_synapse" if self.pairing == "all_to_all" else "stdp_nn_symm_synapse",
            {
                "tau_plus": self.tau_plus,
                "lambda": max(self.A_plus, smallest),
                "alpha": self.A_minus / max(self.A_plus, smallest),
                "mu_plus": mu,
                "mu_minus": mu,
            },
            weights={"Wmax": w_max},
            target={"tau_minus": self.tau_minus},
        )

    def _pynn(self) -> PynnMechanism:
        additive = self.weight_dependence == "additive"
        amplitudes = {"A_plus": self.A_plus, "A_minus": self.A_minus}
        w_min, w_max = self.bounds
        if self.pairing == "nearest":
            refuse(
                "synapse.pairing",
                self.pairing,
                "is another rule on SpiNNaker: only the first spike of the target after one of the source counts for "
                "potentiation; write all_to_all, or take backend=brian2 or nest",
            )
        return PynnMechanism(
            "SpikePairRule",
            f"{self.weight_dependence.capitalize()}WeightDependence",
            f"pair_{self.weight_dependence}",
            times={"tau_plus": self.tau_plus, "tau_minus": self.tau_minus},
            # sPyNNaker's additive rule takes absolute amplitudes, PyNN's definition shares of w_max.
            amplitudes={name: share * w_max for name, share in amplitudes.items()} if additive else {},
            factors={} if additive else amplitudes,
            bounds={"w_min": w_min, "w_max": w_max},
        )

    simulators: ClassVar = {"brian2": _code, "nest": _nest, "spinnaker": _pynn}
