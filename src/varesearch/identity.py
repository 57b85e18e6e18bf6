"""The identity of a run: a hash of everything that determines its result. Equal identities mean equal results.

It covers the settings that determine a result, and what the files hold that they name; the code that computes it,
without comments and docstrings; and the versions of the libraries that take part. It does not cover tracking, figures,
launcher or host: the network is drawn before the simulator sees it, and a child of a sweep has one thread wherever it
runs.
"""

import dataclasses
import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from varesearch.backends import backend_class
from varesearch.backends.base import Backend
from varesearch.config.compose import Composed
from varesearch.config.files import input_files
from varesearch.config.parts import own_parts
from varesearch.config.schema import Config
from varesearch.metrics import computed_metrics
from varesearch.network.model import Network
from varesearch.sources import c_files, canonical, imported
from varesearch.tracking.provenance import config_hash, science
from varesearch.tracking.tags import GIVEN_NETWORK, IDENTITY, LIBRARIES, SCIENCE

_STEPS = ("varesearch.network.draw", "varesearch.simulation", "varesearch.metrics.analysis")
"""The modules through which every result passes, beside its back end and the parts of its model."""
_LIBRARIES = ("numpy", "scipy")


def identity(composed: Composed, network: Network | None = None) -> str:
    """Return the SHA-256 of everything that determines the result of a configuration.

    Parameters
    ----------
    composed
        The configuration.
    network
        A network that a program made, if it is simulated instead of the one that the configuration describes.
    """
    backend = backend_class(type(composed.config.backend))
    parts: dict[str, Any] = {
        "config": config_hash(_decimal(composed.resolved)),
        "science": science_hash(backend, _modules_of(composed, network)),
        "libraries": libraries(backend, metric_libraries(composed.config, composed.config_dir)),
    }
    files = {file.setting: file.sha256 for file in input_files(composed.config)}
    if files:
        parts["files"] = files
    if network is not None:
        parts["network"] = network.hash
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def identity_tags(composed: Composed, network: Network | None = None) -> dict[str, str]:
    """Return the identity and its components as tags of a run; ``network`` is as for :func:`identity`."""
    backend = backend_class(type(composed.config.backend))
    used = libraries(backend, metric_libraries(composed.config, composed.config_dir))
    versions = ", ".join(f"{name} {number}" for name, number in used.items())
    code = science_hash(backend, _modules_of(composed, network))
    given = {} if network is None else {GIVEN_NETWORK: network.hash}
    return {IDENTITY: identity(composed, network), SCIENCE: code, LIBRARIES: versions, **given}


def _modules_of(composed: Composed, network: Network | None) -> tuple[str, ...]:
    modules = set(part_modules(composed.config, composed.config_dir))
    # The settings do not name all cells of a network that a program made.
    modules |= set() if network is None else {type(population.cell).__module__ for population in network.populations}
    return tuple(sorted(modules))


def part_modules(config: Config, config_dir: Path | None) -> tuple[str, ...]:
    """Return the modules that define the parts of a run: its cell, wiring rule, stimulus and so on, and its metrics.

    Also the user's own figures: a run without one of them lacks a result.
    """
    parts = (getattr(config, name) for name in science({field.name: None for field in dataclasses.fields(config)}))
    modules = {type(part).__module__ for part in parts if dataclasses.is_dataclass(part)}
    modules |= {part.__module__ for part in config.structure.parts}
    modules |= {metric.__module__ for metric in computed_metrics(config.analysis, config_dir).values()}
    modules |= {part.__module__ for part in own_parts(config_dir) if not part.key}
    return tuple(sorted(modules))


def metric_libraries(config: Config, config_dir: Path | None) -> tuple[str, ...]:
    """Return the packages that the metrics of a run need beside those of every run."""
    metrics = computed_metrics(config.analysis, config_dir).values()
    return tuple(sorted({metric.library for metric in metrics if metric.library}))


def _decimal(value: Any) -> Any:
    """Return the same settings with whole numbers as integers, so that weights of 2 and of 2.0 have one hash."""
    if isinstance(value, Mapping):
        return {key: _decimal(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_decimal(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@cache
def science_hash(backend: type[Backend], parts: tuple[str, ...] = ()) -> str:
    """Return the SHA-256 of the code that determines a result on a back end, including the modules of these parts.

    Kept for the life of the process, whose code does not change.
    """
    digest = hashlib.sha256()
    for name, path, source in science_sources(backend, parts):
        code = canonical(path, source).encode("utf-8", errors="surrogateescape")
        digest.update(f"{name} {len(code)}\n".encode())
        digest.update(code)
    return digest.hexdigest()


def science_sources(backend: type[Backend], parts: tuple[str, ...] = ()) -> Iterator[tuple[str, Path, bytes]]:
    """Yield the name, file and content of every source that determines a result.

    These are the modules that drawing, simulating and analysing import, the packages that the back end names beside
    them, and the C and C++ of both.
    """
    beside = {name: _folder(name) for name in backend.sources}
    packages = ("varesearch", *beside)
    roots = [*_STEPS, backend.__module__, *parts, *(name for top in beside.items() for name in _modules(*top))]
    for name, (path, source) in imported(roots, packages).items():
        # The folder of a file of the user's own does not matter.
        yield name if name.partition(".")[0] in packages else name.partition(".")[2], path, source
    # The C and C++ of a back end lie in its package.
    bases = (base for base in backend.__mro__ if base.__module__.endswith(".backend"))
    own = {base.__module__.split(".")[-2]: Path(inspect.getfile(base)).parent for base in bases}
    for name, folder in (own | beside).items():
        for path in c_files(folder):
            yield f"{name}/{path.relative_to(folder).as_posix()}", path, path.read_bytes()


def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None and spec.submodule_search_locations is not None, package
    return Path(next(iter(spec.submodule_search_locations)))


def _modules(package: str, folder: Path) -> Iterator[str]:
    """Yield the names of all modules in a package."""
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder).with_suffix("").parts
        yield ".".join((package, *(parts[:-1] if parts[-1] == "__init__" else parts)))


@cache
def libraries(backend: type[Backend], others: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the versions of the simulator and of the libraries that take part by name; "" if one is not installed.

    ``others`` are those of the metrics; see :func:`metric_libraries`.
    """
    names = (*_LIBRARIES, *backend.libraries, *others)
    return {backend.name: backend.availability().version, **{name: _version(name) for name in names}}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
