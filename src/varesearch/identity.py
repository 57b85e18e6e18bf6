"""What determines the result of a run, as one hash: the same identity, the same result.

Three things go in: the configuration as far as it is science, the sources of ours that a result passes through, and
the versions of the libraries that compute it. Not the tracking, the figures, the launcher or the machine: the drawing
is explicit, and a child has one thread wherever it runs.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import varesearch
from varesearch.backends import backend_class
from varesearch.tracking.naming import config_hash

IDENTITY = "varesearch.identity"
"""Tag of every run of a network: its identity. The two that follow are parts of it, to say later what differs."""
SCIENCE = "varesearch.science"
LIBRARIES = "varesearch.libraries"

_TOP = Path(varesearch.__file__).resolve().parents[1]
"""The folder that holds varesearch and the packages of ours beside it."""
_SOURCES = (
    "config/cells.py",
    "config/connectivity.py",
    "config/distributions.py",
    "config/stimuli.py",
    "narrowing.py",
    "network",
    "recording.py",
    "metrics",
    "backends/base.py",
    "backends/translation/table.py",
)
_LIBRARIES = ("numpy", "scipy")
_SUFFIXES = (".py", ".c", ".h", ".cpp")


def identity(resolved: Mapping[str, Any]) -> str:
    """SHA-256 of everything that determines the result of the configuration ``resolved`` (plain dicts)."""
    backend = resolved["backend"]["name"]
    parts = {
        "config": config_hash(_decimal(resolved)),
        "science": science_hash(backend),
        "libraries": libraries(backend),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def identity_tags(resolved: Mapping[str, Any]) -> dict[str, str]:
    """The identity and what it is made of, as tags of a run."""
    backend = resolved["backend"]["name"]
    found = ", ".join(f"{name} {number}" for name, number in libraries(backend).items())
    return {IDENTITY: identity(resolved), SCIENCE: science_hash(backend), LIBRARIES: found}


def _decimal(value: Any) -> Any:
    """The same settings with every whole number as such: a weight of 2 is one of 2.0."""
    if isinstance(value, Mapping):
        return {key: _decimal(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_decimal(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@cache
def science_hash(backend: str) -> str:
    """SHA-256 of the sources of ours that determine a result on the back end of that name.

    Kept for the life of the process, whose code does not change.
    """
    return hash_files(_TOP, sources(backend))


def sources(backend: str) -> list[Path]:
    """The files and folders that a result on the back end of that name passes through."""
    names = (*_SOURCES, f"backends/{backend}", f"backends/translation/{backend}.py")
    own = [_TOP / "varesearch" / name for name in names]
    return [*own, *(_TOP / name for name in backend_class(backend).sources)]


def hash_files(top: Path, paths: Iterable[Path]) -> str:
    """SHA-256 of files and of all sources in folders: their names, relative to ``top``, and what they hold.

    Raises FileNotFoundError for a path that does not exist.
    """
    digest = hashlib.sha256()
    for path in paths:
        files = [it for it in path.rglob("*") if it.suffix in _SUFFIXES] if path.is_dir() else [path]
        for file in sorted(files):
            content = file.read_bytes()
            digest.update(f"{file.relative_to(top).as_posix()} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()


@cache
def libraries(backend: str) -> dict[str, str]:
    """Name -> version of the back end's simulator and of the libraries that take part; "" for one that is not there."""
    names = (*_LIBRARIES, *backend_class(backend).libraries)
    return {backend: backend_class(backend).availability().version, **{name: _version(name) for name in names}}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
