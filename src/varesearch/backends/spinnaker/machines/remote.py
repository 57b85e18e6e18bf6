"""A machine lent by a remote-access service (``remote_spinnaker_url``)."""

from dataclasses import dataclass

from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.machines._addresses import is_url, refuse_credentials, split_credentials
from varesearch.backends.spinnaker.machines._base import Machine, UserFile, version_in
from varesearch.backends.spinnaker.machines._http import require_answer
from varesearch.config.addresses import redact
from varesearch.config.errors import ConfigurationError


@dataclass(frozen=True)
class Remote(Machine):
    """A service that lends a machine for each GET request to its address."""

    url: str

    setting = "remote_url"
    line = "remote_spinnaker_url"

    @classmethod
    def from_settings(cls, settings: SpinnakerSettings) -> "Remote":
        url = cls.address_in(settings)
        refuse_credentials("backend.remote_url", url)
        if not is_url(url):
            raise ConfigurationError(f"backend.remote_url={url}: wanted an http(s) address")
        return cls(version_in(settings), url)

    @classmethod
    def from_file(cls, file: UserFile) -> "Remote":
        if split_credentials(file.address)[1]:
            raise ConfigurationError(
                f"{cls.line} of {file.path} contains a user name or password, which would be written to a file of "
                "the run for sPyNNaker; remove them"
            )
        return cls(file.version, file.address, options=file.lines)

    def configuration(self) -> dict[str, str]:
        return {**self.options, "remote_spinnaker_url": self.url, "version": str(self.version)}

    def probe(self, timeout_s: float) -> None:
        """Ask with HEAD: a GET would allocate."""
        require_answer(
            self.url,
            timeout_s,
            who=self.describe(),
            method="HEAD",
            advice="check backend.remote_url, or choose backend.machine=mapping to map without a machine",
            refused="access is refused; log in at the site that gave you the address, and get a new one",
        )

    def describe(self) -> str:
        return f"remote SpiNNaker service {redact(self.url)}"
