"""The machine of a run that is made again: a record does not choose to whom its reader's credentials are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from varesearch.config.errors import ConfigurationError
from varesearch.config.outside import addresses_of
from varesearch.config.restore import restore


@dataclass(frozen=True)
class Machine:
    """Where a recorded run is made again.

    Parameters
    ----------
    settings
        ``backend.KEY=VALUE`` of the person who makes it again: ``backend.machine``, or an address. They replace all
        addresses of the record.
    from_record
        Whether the addresses of the record are taken.
    """

    settings: tuple[str, ...] = ()
    from_record: bool = False

    def words(self) -> tuple[str, ...]:
        """What says so on the command line."""
        return (*self.settings, *(["--machine-from-record"] if self.from_record else []))

    def applied(self, resolved: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration of a record with this machine.

        Raises ConfigurationError, which shows the address, for a record that names one that nobody has asked for.
        """
        backend = restore(resolved, own=True).backend
        named = addresses_of(backend)
        if self.settings:
            if self.from_record:
                raise ConfigurationError(f"--machine-from-record and {self.settings[0]}: give one of them")
            own = _read(self.settings, backend.addresses)
            kept = {key: value for key, value in resolved["backend"].items() if key not in backend.addresses}
            return {**resolved, "backend": {**kept, **own}}
        if named and not self.from_record:
            raise ConfigurationError(
                f"the record leads to another machine ({', '.join(f'{key}={value}' for key, value in named.items())}): "
                "add --machine-from-record to go there, with your credentials, or name your own by backend.machine=..."
            )
        return dict(resolved)


OWN_MACHINE = Machine()
"""No address of a record is taken."""


def _read(settings: tuple[str, ...], addresses: tuple[str, ...]) -> dict[str, Any]:
    allowed = [f"backend.{name}" for name in ("machine", *addresses)] if addresses else []
    own = {}
    for word in settings:
        key, equals, value = word.partition("=")
        if not equals or key not in allowed:
            can = f"only {', '.join(allowed)} can" if allowed else "none can, for its back end needs no other machine"
            raise ConfigurationError(f"{word}: of a recorded run {can} be changed; start another run instead")
        try:
            own[key.removeprefix("backend.")] = yaml.safe_load(value)
        except yaml.YAMLError:
            own[key.removeprefix("backend.")] = value
    return own
