"""Short-term depression and facilitation."""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.synapses import EventCode, NestSynapse, Range, SynapseType, quantity, ranges

_INSTANT_MS = 1e-6


@dataclass
class TsodyksMarkramSynapse(SynapseType):
    """Short-term plasticity: depression by used resources, facilitation by a growing share of use.

    A spike of the source brings w u x to the target. Between two spikes a time s apart, x = 1 + (x - u x - 1)
    exp(-s/tau_rec) and then u = U + u (1 - U) exp(-s/tau_facil); the first spike finds x = 1 and u = U, and with
    tau_facil = 0 u stays U (Markram, Wang and Tsodyks 1998, Proc. Natl. Acad. Sci. USA 95:5323; Maass and Markram 2002,
    Neural Netw. 15:155). The weight w itself never changes.
    """

    learns: ClassVar[bool] = False

    U: float = quantity(0.5, "", "share of the resources that a first spike uses", plausible=ranges.SHARE)
    tau_rec: float = quantity(
        800.0, "ms", "recovery from depression", plausible=Range(1.0, 10_000.0, allowed=ranges.POSITIVE)
    )
    tau_facil: float = quantity(
        0.0, "ms", "decay of facilitation; 0: none", plausible=Range(0.0, 10_000.0, allowed=ranges.NOT_NEGATIVE)
    )

    def _code(self) -> EventCode:
        # The traces are set to 1 by each spike, so that they are the two exponentials at the next one.
        return EventCode(
            pre_traces={"rested": self.tau_rec, "left": max(self.tau_facil, _INSTANT_MS)},
            post_traces={},
            on_pre="x_free = 1 + (x_free - u_used*x_free - 1)*rested\nu_used = U + u_used*(1 - U)*left\n"
            "rested = 1\nleft = 1",
            on_post="",
            starts={"x_free": 1.0, "u_used": self.U},
            sent="w*u_used*x_free",
        )

    def _nest(self) -> NestSynapse:
        parameters = {"U": self.U, "u": self.U, "x": 1.0, "tau_rec": self.tau_rec, "tau_fac": self.tau_facil}
        return NestSynapse("tsodyks2_synapse", parameters)

    simulators: ClassVar = {"brian2": _code, "nest": _nest}
