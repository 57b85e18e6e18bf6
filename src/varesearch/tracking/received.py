"""Safe reading of the files of a run, which somebody else may have made or changed.

Files of a run are shown in reports and read into memory. A file must therefore be in the folder of the run itself (a
symbolic link could point to any file of the reader), must be a regular file (reading a pipe would never end), and must
not be larger than what a run writes. :func:`check_folder` is called before the first file of a run is read.
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from varesearch.config.errors import ConfigurationError

_MB = 1_000_000
_MOST_BYTES = {".yaml": 16 * _MB, ".json": 64 * _MB, ".csv": 512 * _MB, ".png": 64 * _MB}
"""Suffix -> the largest size of a file that is read. Recordings have their own limit; of logs only the end is read."""

_MOST_NODES = 200_000
_TAIL_BYTES = 1 * _MB
LOG_LINES = 40
"""The number of lines at the end of a log that are shown."""


def check_folder(folder: Path) -> None:
    """Check every entry of a run's folder.

    Raises
    ------
    ConfigurationError
        There is a link to something outside of the folder, an entry that is neither a file nor a folder, or a file
        that is far larger than what a run writes.
    """
    top = folder.resolve()
    for entry in _entries(folder):
        path = Path(entry.path)
        what = None
        if entry.is_symlink():
            target = path.resolve()
            if target.is_relative_to(top) or not target.exists():
                continue
            what = "is a symbolic link to a file outside of the run's folder; put the file itself there"
        else:
            status = entry.stat(follow_symlinks=False)
            most = _MOST_BYTES.get(path.suffix)
            if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
                what = "is neither a file nor a folder; remove it"
            elif most is not None and stat.S_ISREG(status.st_mode) and status.st_size > most:
                what = f"has {status.st_size / _MB:,.0f} MB, but no run writes more than {most / _MB:,.0f}; remove it"
        if what is not None:
            raise ConfigurationError(f"{path}: {what}")


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    yield entry
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue  # removed meanwhile or not readable, so that nothing of it will be read


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a mapping from a YAML file of a run. Raises ConfigurationError for anything else, and for too many values.

    With aliases of aliases, a few hundred characters of YAML can stand for more values than fit into memory.
    """
    try:
        text = path.read_text(encoding="utf-8")
        _count(yaml.compose(text, Loader=yaml.SafeLoader), {}, ())
        return _mapping(yaml.safe_load(text))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise _broken(path, error) from None


def read_json(path: Path) -> dict[str, Any]:
    """Read a mapping from a JSON file of a run. Raises ConfigurationError for anything else."""
    try:
        return _mapping(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise _broken(path, error) from None


def tail(path: Path, lines: int = LOG_LINES) -> str:
    """The last lines of a text file of any size; ``""`` if it does not exist."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read(_TAIL_BYTES).decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:]).rstrip()


def _mapping(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"it holds a {type(value).__name__} where settings are expected")
    return dict(value)


def _count(node: yaml.Node | None, known: dict[int, int], above: tuple[int, ...]) -> int:
    """The number of values that a node stands for if all aliases are expanded."""
    if node is None:
        return 0
    if id(node) in above:
        raise ValueError("it refers to itself")
    if id(node) not in known:
        inside: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            inside = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            inside = node.value
        known[id(node)] = 1 + sum(_count(part, known, (*above, id(node))) for part in inside)
        if known[id(node)] > _MOST_NODES:
            raise ValueError(f"it stands for more than {_MOST_NODES:,} values")
    return known[id(node)]


def _broken(path: Path, error: Exception) -> ConfigurationError:
    nested = isinstance(error, RecursionError)
    reason = "it is nested too deeply" if nested else next(iter(str(error).splitlines()), "")
    return ConfigurationError(f"{path}: cannot be read as a file of a run ({reason})")
