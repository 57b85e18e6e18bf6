"""Which process writes a run, and whether that process still exists.

Wall-clock times are not used, since the clock may be set while a process runs. A process is identified by its id, by
its start time in ticks since boot (``/proc/PID/stat``, field 22; proc(5)), and by the boot and the PID namespace in
which these are valid.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

from varesearch.tracking.tags import BOOT_ID, HOST, MACHINE_ID, PID, PID_NAMESPACE, PROCESS_STARTED

# The tags of a process, in the order of the fields of `Process`.
_TEXTS = (HOST, MACHINE_ID, BOOT_ID)
_NUMBERS = (PID_NAMESPACE, PID, PROCESS_STARTED)
_PROC = Path("/proc")
_MACHINE_ID = Path("/etc/machine-id")
_GONE = "ZXx"
"""States of a process that has ended but has not been waited for."""


@dataclass(frozen=True)
class Process:
    """The process that writes a run.

    Attributes
    ----------
    host
        The name of the host.
    machine
        The id of the installation; may be empty.
    boot
        The id of the boot since which the host is running.
    namespace
        The inode of the PID namespace; 0 if it cannot be read. A container has its own namespace, in which other
        processes have the same ids.
    pid
        The id of the process.
    started
        When it started, in clock ticks since the boot.
    """

    host: str
    machine: str
    boot: str
    namespace: int
    pid: int
    started: int

    @classmethod
    def current(cls) -> Self:
        """Return this process."""
        state = _stat("self")
        return cls(
            socket.gethostname(),
            _text(_MACHINE_ID),
            _boot_id(),
            _namespace(),
            os.getpid(),
            0 if state is None else state[1],
        )

    @classmethod
    def from_tags(cls, tags: Mapping[str, str]) -> Self | None:
        """Return the process that the tags of a run name; None for a run that varesearch did not make."""
        try:
            return cls(*(tags[key] for key in _TEXTS), *(int(tags[key]) for key in _NUMBERS))  # type: ignore[arg-type]
        except (KeyError, ValueError):
            return None

    def tags(self) -> dict[str, str]:
        """Return the process as tags of a run."""
        return dict(zip((*_TEXTS, *_NUMBERS), map(str, astuple(self)), strict=True))

    def is_here(self) -> bool:
        """Return whether :meth:`is_alive` can be answered here.

        It can for a process of this boot and PID namespace, and for one of an earlier boot of this machine. Processes
        of another running container cannot be seen, whatever its host name.
        """
        if self.boot == _boot_id():
            return self.namespace == _namespace()
        return self.host == socket.gethostname() and self.machine == _text(_MACHINE_ID)

    def is_alive(self) -> bool:
        """Return whether the process is running. Only valid if :meth:`is_here`."""
        if self.boot != _boot_id():
            return False
        state = _stat(str(self.pid))
        if state is not None:
            return state[1] == self.started and state[0] not in _GONE
        # Not in /proc: gone, unless /proc hides the processes of other users (hidepid).
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return _stat(str(self.pid)) is not None


def _stat(pid: str) -> tuple[str, int] | None:
    """Return state and start (ticks since boot) of a process; None if there is no process with that id."""
    try:
        # The second field is the program's name in parentheses, which may hold spaces and parentheses.
        fields = (_PROC / pid / "stat").read_text(errors="replace").rpartition(")")[2].split()
        return fields[0], int(fields[19])
    except (OSError, IndexError, ValueError):
        return None


def _boot_id() -> str:
    return _text(_PROC / "sys/kernel/random/boot_id")


def _namespace() -> int:
    try:
        return (_PROC / "self/ns/pid").stat().st_ino
    except OSError:
        return 0


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
