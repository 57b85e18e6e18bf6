"""No machine: sPyNNaker's virtual board, onto which a network is mapped and not run."""

from dataclasses import dataclass

from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.machines._base import Machine, UserFile, version_in


@dataclass(frozen=True)
class VirtualBoard(Machine):
    """As many boards as the network needs: it is placed and routed, never run."""

    line = "virtual_board"
    simulates = False

    @classmethod
    def from_settings(cls, settings: SpinnakerSettings) -> "VirtualBoard":
        return cls(version_in(settings))

    @classmethod
    def is_named_by(cls, value: str) -> bool:
        return value.lower() in {"true", "yes", "on", "1"}

    @classmethod
    def from_file(cls, file: UserFile) -> "VirtualBoard":
        return cls(file.version, options=file.lines)

    def configuration(self) -> dict[str, str]:
        return {**self.options, "virtual_board": "True", "version": str(self.version)}

    def probe(self, timeout_s: float) -> None:
        """It is always there."""

    def describe(self) -> str:
        return f"mapping only (virtual machine of version {self.version})"
