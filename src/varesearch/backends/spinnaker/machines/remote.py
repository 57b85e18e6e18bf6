"""A machine lent by a remote-access service (``remote_spinnaker_url``)."""

from dataclasses import dataclass

from varesearch.backends.spinnaker.machines import http
from varesearch.backends.spinnaker.machines.base import Machine
from varesearch.config.addresses import redact


@dataclass(frozen=True)
class Remote(Machine):
    """The service that lends a machine for each GET request to its address."""

    url: str

    name = "remote"

    def configuration(self) -> dict[str, str]:
        return {**self.options, "remote_spinnaker_url": self.url, "version": str(self.version)}

    def probe(self, timeout_s: float) -> None:
        """Ask with HEAD: a GET would allocate."""
        http.require_answer(
            self.url,
            timeout_s,
            who=self.describe(),
            method="HEAD",
            advice="check backend.remote_url, or choose backend.machine=mapping to map without a machine",
            refused="access is refused; log in where the address comes from and take a new one",
        )

    def describe(self) -> str:
        return f"remote SpiNNaker service {redact(self.url)}"
