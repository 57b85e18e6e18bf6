"""No machine at all: sPyNNaker's virtual board."""

from dataclasses import dataclass

from varesearch.backends.spinnaker.machines.base import Machine


@dataclass(frozen=True)
class Mapping(Machine):
    """As many boards as the network needs, on paper: placed and routed, never run."""

    name = "mapping"
    simulates = False

    def configuration(self) -> dict[str, str]:
        return {**self.options, "virtual_board": "True", "version": str(self.version)}

    def probe(self, timeout_s: float) -> None:
        """Nothing to ask."""

    def describe(self) -> str:
        return f"mapping only (virtual machine of version {self.version})"
