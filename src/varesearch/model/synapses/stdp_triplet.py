"""Spike-timing dependent plasticity of triplets of spikes."""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.config.projection import Receptor
from varesearch.model.synapses import EventCode, NestSynapse, PynnMechanism, Range, quantity
from varesearch.model.synapses._bounded import TIME_CONSTANT_MS, BoundedSynapse

_SHARE = Range(0.0, 1.0, allowed=Range(0.0, 1e3))


@dataclass
class TripletSynapse(BoundedSynapse):
    """Plasticity of triplets of spikes, additive. Defaults: the full model's fit to visual cortex, all to all.

    Traces r1 (tau_plus) and r2 (tau_x) count the source's spikes, o1 (tau_minus) and o2 (tau_y) those of the target. At
    a spike of the target w += w_max r1 (A_plus + A3_plus o2), at one of the source w -= w_max o1 (A_minus + A3_minus
    r2), r2 and o2 without that spike itself; then w is cut to w_min..w_max (Pfister and Gerstner 2006, J. Neurosci.
    26:9673).
    """

    receptors: ClassVar[tuple[Receptor, ...]] = ("excitatory",)

    tau_plus: float = quantity(16.8, "ms", "decay of r1, potentiation", plausible=TIME_CONSTANT_MS)
    tau_minus: float = quantity(33.7, "ms", "decay of o1, depression", plausible=TIME_CONSTANT_MS)
    tau_x: float = quantity(101.0, "ms", "decay of r2, depression by triplets", plausible=TIME_CONSTANT_MS)
    tau_y: float = quantity(125.0, "ms", "decay of o2, potentiation by triplets", plausible=TIME_CONSTANT_MS)
    A_plus: float = quantity(5e-10, "", "potentiation by pairs, as a share of w_max", plausible=_SHARE)
    A_minus: float = quantity(7e-3, "", "depression by pairs, as a share of w_max", plausible=_SHARE)
    A3_plus: float = quantity(6.2e-3, "", "potentiation by triplets, as a share of w_max", plausible=_SHARE)
    A3_minus: float = quantity(2.3e-4, "", "depression by triplets, as a share of w_max", plausible=_SHARE)

    def _code(self) -> EventCode:
        return EventCode(
            pre_traces={"r1": self.tau_plus, "r2": self.tau_x},
            post_traces={"o1": self.tau_minus, "o2": self.tau_y},
            on_pre="w = clip(w - w_max*o1_before*(A_minus + A3_minus*r2), w_min, w_max)\nr1 = r1 + 1\nr2 = r2 + 1",
            on_post="w = clip(w + w_max*r1*(A_plus + A3_plus*o2), w_min, w_max)\no1 = o1 + 1\no2 = o2 + 1",
        )

    def _nest(self) -> NestSynapse:
        w_max = self.bounds[1]
        shares = {"Aplus": self.A_plus, "Aminus": self.A_minus}
        shares |= {"Aplus_triplet": self.A3_plus, "Aminus_triplet": self.A3_minus}
        return NestSynapse(
            "stdp_triplet_synapse",
            {"tau_plus": self.tau_plus, "tau_plus_triplet": self.tau_x},
            weights={"Wmax": w_max},
            magnitudes={name: share * w_max for name, share in shares.items()},
            target={"tau_minus": self.tau_minus, "tau_minus_triplet": self.tau_y},
        )

    def _pynn(self) -> PynnMechanism:
        w_min, w_max = self.bounds
        return PynnMechanism(
            "extra_models.PfisterSpikeTriplet",
            "extra_models.WeightDependenceAdditiveTriplet",
            "pfister_triplet_additive",
            times={name: getattr(self, name) for name in ("tau_plus", "tau_minus", "tau_x", "tau_y")},
            factors={"A_plus": self.A_plus, "A_minus": self.A_minus},
            bounds={"w_min": w_min, "w_max": w_max},
            weight_parameters={"A3_plus": self.A3_plus, "A3_minus": self.A3_minus},
        )

    simulators: ClassVar = {"brian2": _code, "nest": _nest, "spinnaker": _pynn}
