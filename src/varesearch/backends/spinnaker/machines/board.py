"""A board reached by its address."""

from dataclasses import dataclass

from varesearch.backends.base import BackendUnavailableError
from varesearch.backends.spinnaker.machines import scp
from varesearch.backends.spinnaker.machines.base import Machine

# sPyNNaker takes exactly this name for the stub of its own tests.
_STUB = "127.0.0.1"


@dataclass(frozen=True)
class Board(Machine):
    """One board (or the root of several), by host name or address."""

    machine_name: str

    name = "board"

    def configuration(self) -> dict[str, str]:
        return {**self.options, "machine_name": self._reachable_name, "version": str(self.version)}

    @property
    def _reachable_name(self) -> str:
        return "localhost" if self.machine_name == _STUB else self.machine_name

    def probe(self, timeout_s: float) -> None:
        """Ask the monitor for its version; if there is silence, boot the board once and ask again."""
        try:
            try:
                scp.ask_version(self._reachable_name, timeout_s)
            except scp.SilentError:
                scp.boot(self._reachable_name, self.version)
                scp.ask_version(self._reachable_name, timeout_s)
        except scp.ClosedError as error:
            raise BackendUnavailableError(
                f"backend.machine_name={self.machine_name}: no SpiNNaker board there ({error}); check the address and "
                "that the board is on, or choose backend.machine=mapping to map without a machine"
            ) from error
        except scp.SilentError as error:
            raise BackendUnavailableError(
                f"backend.machine_name={self.machine_name}: silence, also after booting (UDP ports {scp.SCP_PORT} and "
                f"{scp.BOOT_PORT}, {timeout_s:g} s each); check power, cable, address and firewall, or choose "
                "backend.machine=mapping to map without a machine"
            ) from error

    def describe(self) -> str:
        return f"board {self.machine_name} (version {self.version})"
