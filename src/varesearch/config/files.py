"""Files that a configuration names, such as a list of synapses: what they held belongs to the record of a run."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from varesearch.config.checks import refuse
from varesearch.config.projection import Given
from varesearch.config.settings import quantity


def file_setting(what: str) -> Any:
    """Declare a setting that names a file to be read: a path, from the folder in which the command runs, or null."""
    return field(default=None, metadata={**quantity(None, "", what).metadata, "file": True})


def input_path(setting: str, value: str) -> Path:
    """Return the path of a file that is there to be read. Raises ConfigurationError, one line, if it is not."""
    path, why = Path(value), ""
    try:
        if path.is_dir():
            why = "is a folder; name a file in it"
        elif not path.exists():
            why = f"is not there (looked in {Path.cwd()}); name a file that exists"
        elif not path.is_file():
            why = "is no regular file; name one"
        else:
            path.open("rb").close()
    except (OSError, ValueError) as error:
        why = f"cannot be read ({error.strerror if isinstance(error, OSError) else error}); name another file"
    if why:
        refuse(setting, value, why)
    return path


@dataclass(frozen=True)
class InputFile:
    """A file that a run reads: the setting that names it, its full path, and the SHA-256 of what it holds."""

    setting: str
    path: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.sha256}  {self.path}"

    @classmethod
    def parse(cls, setting: str, text: str) -> "InputFile":
        """Read what ``str`` wrote, which is a line of ``sha256sum``."""
        sha256, _, path = text.partition("  ")
        return cls(setting, path, sha256)


def input_files(settings: Any) -> tuple[InputFile, ...]:
    """Return the files that settings name, by the names of the settings.

    Raises ConfigurationError, one line, if one of them cannot be read.
    """
    found = []
    for setting, value in dict(_named(settings, "")).items():
        path = input_path(setting, value)
        with path.open("rb") as file:
            found.append(InputFile(setting, str(path.resolve()), hashlib.file_digest(file, "sha256").hexdigest()))
    return tuple(found)


def _named(settings: Any, prefix: str) -> Iterator[tuple[str, str]]:
    """Every setting declared by :func:`file_setting` that names a file, at any depth."""
    if isinstance(settings, Given):  # of one projection, whose settings are read one by one
        if settings.is_file and settings.value is not None:
            yield settings.key, settings.value
        return
    if isinstance(settings, Mapping):
        inner = [(str(name), value, False) for name, value in settings.items()]
    elif is_dataclass(settings):
        inner = [(each.name, getattr(settings, each.name), "file" in each.metadata) for each in fields(settings)]
    else:
        return
    for name, value, is_file in inner:
        if is_file and value is not None:
            yield f"{prefix}{name}", value
        else:
            yield from _named(value, f"{prefix}{name}.")
