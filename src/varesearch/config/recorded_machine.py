"""The machine for simulating recorded settings: a record must not decide where the user's credentials are sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from varesearch.config.errors import ConfigurationError
from varesearch.config.outside import addresses_of
from varesearch.config.restore import restored_backend


@dataclass(frozen=True)
class Machine:
    """The machine on which the model of a recorded run is simulated again.

    Parameters
    ----------
    settings
        ``backend.KEY=VALUE`` of the user who does so: ``backend.machine`` or an address. They replace all addresses of
        the record.
    from_record
        Whether the addresses of the record are used.
    """

    settings: tuple[str, ...] = ()
    from_record: bool = False

    def words(self) -> tuple[str, ...]:
        """The arguments on the command line for this machine."""
        return (*self.settings, *(["--machine-from-record"] if self.from_record else []))

    def applied(self, resolved: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration of a record with this machine.

        Raises ConfigurationError, with the address, if the record names an address that the user did not ask for.
        """
        backend = restored_backend(resolved)
        named = addresses_of(backend)
        if self.settings:
            if self.from_record:
                raise ConfigurationError(f"--machine-from-record and {self.settings[0]}: give only one of them")
            own = _read(self.settings, backend.addresses)
            kept = {key: value for key, value in resolved["backend"].items() if key not in backend.addresses}
            return {**resolved, "backend": {**kept, **own}}
        if named and not self.from_record:
            raise ConfigurationError(
                f"the record names another machine ({', '.join(f'{key}={value}' for key, value in named.items())}): "
                "add --machine-from-record to connect to it with your credentials, or choose a machine of your own "
                "with backend.machine=..."
            )
        return dict(resolved)


OWN_MACHINE = Machine()
"""No address of the record is used."""


def _read(settings: tuple[str, ...], addresses: tuple[str, ...]) -> dict[str, Any]:
    allowed = [f"backend.{name}" for name in ("machine", *addresses)] if addresses else []
    own = {}
    for word in settings:
        key, equals, value = word.partition("=")
        if not equals or key not in allowed:
            can = f"only {', '.join(allowed)}" if allowed else "no setting"
            raise ConfigurationError(f"{word}: {can} of a recorded run can be changed; start another run instead")
        try:
            own[key.removeprefix("backend.")] = yaml.safe_load(value)
        except yaml.YAMLError:
            own[key.removeprefix("backend.")] = value
    return own
