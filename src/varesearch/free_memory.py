"""How much more memory this process can take: what is free, and what a control group or ``ulimit`` allows."""

import contextlib
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

_PROC = Path("/proc")


@dataclass(frozen=True)
class Bound:
    """A limit: ``free`` bytes can still be taken; ``what`` says in words which limit it is."""

    free: int
    what: str


def memory_bounds() -> list[Bound]:
    """All bounds on the resident memory of this process, the tightest first.

    Examples
    --------
    >>> tightest = memory_bounds()[0]
    >>> tightest.free >= 0
    True
    """
    bounds = [Bound(psutil.virtual_memory().available, "free on this machine"), *_control_groups()]
    return sorted(bounds, key=lambda bound: bound.free)


def address_space_bounds() -> list[Bound]:
    """What ``ulimit -v`` and ``ulimit -d`` leave of this process's address space and data, the tightest first."""
    pages = [int(word) for word in (_PROC / "self/statm").read_text().split()]
    page = resource.getpagesize()
    bounds = []
    for limit, used, what in (
        (resource.RLIMIT_AS, pages[0], "left by the limit on address space (ulimit -v)"),
        (resource.RLIMIT_DATA, pages[5], "left by the limit on data (ulimit -d)"),
    ):
        soft, _ = resource.getrlimit(limit)
        if soft != resource.RLIM_INFINITY:
            bounds.append(Bound(max(0, soft - used * page), what))
    return sorted(bounds, key=lambda bound: bound.free)


def _control_groups() -> Iterator[Bound]:
    """The bounds of this process's memory control group and of all groups above it, of both versions of cgroups."""
    mounts = _mounts()
    try:
        lines = (_PROC / "self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        # cgroups(7): hierarchy:controllers:path, with 0 and no controllers for version 2.
        hierarchy, controllers, path = line.split(":", 2)
        if hierarchy == "0":
            version, limit, usage, cache = "cgroup2", "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            version, limit, usage, cache = (
                "memory",
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
                "total_inactive_file",
            )
        else:
            continue
        if version in mounts:
            yield from _groups(*mounts[version], path, (limit, usage, cache))


def _groups(root: str, mounted: Path, path: str, names: tuple[str, str, str]) -> Iterator[Bound]:
    """The group at ``path`` and those above it, as far as this process sees them below the mount."""
    # In a container the mount shows a subtree: the path is relative to its root, or it is the host's and not visible.
    below = path.removeprefix(root.rstrip("/")) if path.startswith(root) else path
    folder = mounted / below.lstrip("/")
    if not folder.is_dir():
        folder = mounted
    for group in (folder, *folder.parents):
        if not group.is_relative_to(mounted):
            return
        with contextlib.suppress(OSError, ValueError):
            limit, usage, cache = names
            bound = (group / limit).read_text().strip()
            # Version 1 expresses "no limit" by the largest number of whole pages.
            if bound != "max" and int(bound) < 1 << 62:
                # Cached files count as used, although the kernel frees them when memory is needed.
                used = int((group / usage).read_text()) - _statistic(group / "memory.stat", cache)
                yield Bound(max(0, int(bound) - used), "left in this control group (cgroup)")


def _mounts() -> dict[str, tuple[str, Path]]:
    """Where the memory controller (``memory``, version 1) and version 2 (``cgroup2``) are mounted: root and folder."""
    found = {}
    with contextlib.suppress(OSError):
        for line in (_PROC / "self/mountinfo").read_text().splitlines():
            fields, _, rest = line.partition(" - ")
            words, (kind, _, options) = fields.split(), rest.split()[:3]
            if kind == "cgroup2":
                found["cgroup2"] = words[3], Path(words[4])
            elif kind == "cgroup" and "memory" in options.split(","):
                found["memory"] = words[3], Path(words[4])
    return found


def _statistic(path: Path, name: str) -> int:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0
