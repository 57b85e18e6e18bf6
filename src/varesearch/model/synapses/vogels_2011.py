"""Inhibitory plasticity that balances excitation."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from varesearch.config.projection import Receptor
from varesearch.model.synapses import (
    WEIGHT_UNIT,
    EventCode,
    NestSynapse,
    ProjectionSettings,
    PynnMechanism,
    quantity,
    ranges,
)
from varesearch.model.synapses._bounded import TIME_CONSTANT_MS, BoundedSynapse

_OF_THE_RANGE = 1e-3


@dataclass
class VogelsSynapse(BoundedSynapse):
    """Inhibition that learns until its targets fire at a given rate.

    Pairs of spikes potentiate in either order: at a spike of the target w += eta x_pre, at one of the source w += eta
    x_post and then w -= eta alpha, where x_pre and x_post are sums of exp(-s/tau) over the earlier spikes of the source
    and of the target, seen a time s before, and alpha = 2 target_rate tau; w is cut to w_min..w_max after each change
    (Vogels, Sprekeler, Zenke, Clopath and Gerstner 2011, Science 334:1569).
    """

    receptors: ClassVar[tuple[Receptor, ...]] = ("inhibitory",)

    eta: float | None = quantity(
        None, WEIGHT_UNIT, "learning rate: change by a pair without delay; null: a thousandth of w_max",
        allowed=ranges.NOT_NEGATIVE,
    )  # fmt: skip
    tau: float = quantity(20.0, "ms", "decay of both traces", plausible=TIME_CONSTANT_MS)
    target_rate_hz: float = quantity(
        5.0, "Hz", "rate of the targets at which the weights stay", plausible=ranges.RATE_HZ,
        allowed=ranges.NOT_NEGATIVE,
    )  # fmt: skip

    def of(self, projection: ProjectionSettings) -> Self:
        bounded = super().of(projection)
        return bounded if bounded.eta is not None else replace(bounded, eta=_OF_THE_RANGE * bounded.bounds[1])

    @property
    def alpha(self) -> float:
        """The depression by each spike of the source, in units of eta."""
        return 2.0 * self.target_rate_hz * self.tau / 1000.0

    def _rate(self) -> float:
        assert self.eta is not None, "call of() first"
        return self.eta

    def _code(self) -> EventCode:
        return EventCode(
            pre_traces={"x_pre": self.tau},
            post_traces={"x_post": self.tau},
            on_pre="w = clip(w + eta*x_post_before, w_min, w_max)\nw = clip(w - eta*alpha, w_min, w_max)\n"
            "x_pre = x_pre + 1",
            on_post="w = clip(w + eta*x_pre, w_min, w_max)\nx_post = x_post + 1",
            constants={"alpha": self.alpha},
        )

    def _nest(self) -> NestSynapse:
        return NestSynapse(
            "vogels_sprekeler_synapse",
            {"tau": self.tau, "alpha": self.alpha},
            weights={"Wmax": self.bounds[1]},
            magnitudes={"eta": self._rate()},
            target={"tau_minus": self.tau},
        )

    def _pynn(self) -> PynnMechanism:
        w_min, w_max = self.bounds
        return PynnMechanism(
            "extra_models.Vogels2011Rule",
            "AdditiveWeightDependence",
            "vogels_2011_additive",
            times={"tau": self.tau, "alpha": self.alpha},
            amplitudes={"A_plus": self._rate(), "A_minus": self._rate()},
            bounds={"w_min": w_min, "w_max": w_max},
            # sPyNNaker 7.4.1 does not compare with w_min when a spike of the source lowers the weight.
            wraps_below=self._rate() * self.alpha,
        )

    simulators: ClassVar = {"brian2": _code, "nest": _nest, "spinnaker": _pynn}
