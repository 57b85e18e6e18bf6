"""From Python values to the words of a command: ``connectivity={"p": 0.05}`` becomes ``connectivity.p=0.05``."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from varesearch.config.errors import ConfigurationError
from varesearch.config.options import DISCRIMINATORS
from varesearch.config.plain import is_group
from varesearch.config.wording import written

_PLAIN = re.compile(r"[\w.:/+@-]+", re.ASCII)


def words_of(overrides: Sequence[str], settings: Mapping[str, Any], sweeps: bool = False) -> tuple[str, ...]:
    """The words of a command that mean the same as the arguments of a function.

    Parameters
    ----------
    overrides
        Words as on the command line.
    settings
        Setting -> value. A mapping sets several settings of a group; in it, the key that names the group's option
        (``model`` of a cell, ``name`` of a back end, ``rule``, ``kind``) chooses the option.
    sweeps
        Whether a list means several values; a value that is itself a list is then written as a list in a list.

    Raises
    ------
    ConfigurationError
        An override is not a text.
    """
    for word in overrides:
        if not isinstance(word, str):
            raise ConfigurationError(
                f"{word!r}: an override is a text such as 'cell.d=8'; name other settings: cell=..."
            )
    return (*overrides, *(f"{key}={_text(value, sweeps)}" for key, value in _flat("", settings)))


def _flat(prefix: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if not is_group(value):
            yield name, value
            continue
        option = DISCRIMINATORS.get(name)
        if option in value:
            yield name, value[option]
        yield from _flat(f"{name}.", {inner: each for inner, each in value.items() if inner != option})


def _text(value: Any, sweeps: bool) -> str:
    if sweeps and isinstance(value, list | tuple | np.ndarray | range):
        return ",".join(_text(each, sweeps=False) for each in value)
    return _written(value)


def _written(value: Any) -> str:
    if isinstance(value, np.ndarray | np.generic):
        return _written(value.tolist())
    if isinstance(value, os.PathLike):
        return _written(os.fspath(value))
    if isinstance(value, str) and value and not _PLAIN.fullmatch(value):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'") if "'" in value else value
        return f"'{escaped}'"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_written, value)) + "]"
    return written(value)
