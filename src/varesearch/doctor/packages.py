"""Check the installed packages: are their versions those that were tested, and are their files unchanged?"""

import base64
import hashlib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import InvalidRequirement, Requirement

from varesearch.backends import backends
from varesearch.doctor.finding import Finding, State
from varesearch.tracking.location import checkout_root

_PINS = "constraints.txt"
_MOST_NAMED = 4
_OF_ALL = ("numpy", "scipy", "PyNN", "neo", "quantities")
"""Packages, beside the simulators, that a result passes through on every back end."""


def packages(full: bool) -> Iterator[Finding]:
    """Compare versions with the pins, and files with the hashes in their packages."""
    yield _versions()
    names = [line.name for line in _pinned()] if full else _libraries()
    found = [package for name in names if (package := _installed(name)) is not None]
    changed = {package.name: paths for package in found if (paths := changed_files(package))}
    what = "files of the packages" if full else "files of the simulators and of what they use"
    if changed:
        mend = f"pip install --force-reinstall --no-deps --constraint {_PINS} {' '.join(changed)}"
        shown = _listed([path for paths in changed.values() for path in paths])
        yield Finding("packages", what, State.BROKEN, f"not as installed: {shown}", mend)
    else:
        yield Finding("packages", what, State.OK, f"as installed, {len(found)} packages")


def changed_files(found: Distribution) -> list[str]:
    """Return the files of a package that are missing or differ from their hash in its list (``RECORD``).

    Two kinds are left out: console scripts, whose first line is the path of Python and differs between environments,
    and certificates (``.pem``), to which institutes add their own and on which no result depends.
    """
    changed = []
    for path in found.files or ():
        if path.hash is None or path.suffix in {".pyc", ".pem"} or path.parts[0] == "..":
            continue
        try:
            content = path.locate().read_bytes()  # type: ignore[attr-defined]
        except OSError:
            changed.append(str(path))
            continue
        digest = hashlib.new(path.hash.mode, content).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != path.hash.value:
            changed.append(str(path))
    return changed


def _versions() -> Finding:
    pinned = [line for line in _pinned() if line.specifier]
    others = []
    for line in pinned:
        found = _installed(line.name)
        if found is not None and not line.specifier.contains(found.version, prereleases=True):
            others.append(f"{line.name} {found.version} (tested: {line.specifier})")
    what = "versions"
    if others:
        mend = f"pip install --constraint {_PINS} {' '.join(other.split()[0] for other in others[:_MOST_NAMED])}"
        return Finding("packages", what, State.BROKEN, f"not those that were tested: {_listed(others)}", mend)
    return Finding("packages", what, State.OK, f"as tested, {len(pinned)} packages")


def _pinned() -> list[Requirement]:
    """Return the pins of the checkout, or without a checkout the ranges that the package requires."""
    top = checkout_root()
    pins = top / _PINS if top is not None else None
    lines = pins.read_text().splitlines() if pins and pins.is_file() else distribution("varesearch").requires or []
    found = []
    for line in lines:
        try:
            requirement = Requirement(line.partition("#")[0])
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            found.append(requirement)
    return found


def _libraries() -> list[str]:
    """Return the names of the simulators and of the packages that results pass through."""
    own = {name for backend in backends().values() for name in (backend.distribution, *backend.libraries)}
    return sorted({*_OF_ALL, *filter(None, own)})


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
