"""Which process writes a run, and whether it is still there."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import psutil

_HOST, _PID, _STARTED = "varesearch.host", "varesearch.pid", "varesearch.process_started"
# The system's clock may be set while a process runs, and with it what its time of creation seems to be.
_CLOCK_TOLERANCE_S = 60.0


@dataclass(frozen=True)
class Process:
    """The process that writes a run: host, process id, and time of creation (s since 1970), for ids are used again."""

    host: str
    pid: int
    started: float

    @classmethod
    def current(cls) -> Self:
        """This one."""
        return cls(socket.gethostname(), os.getpid(), psutil.Process().create_time())

    @classmethod
    def from_tags(cls, tags: Mapping[str, str]) -> Self | None:
        """The process that a run's tags name; None for a run that is not ours."""
        try:
            return cls(tags[_HOST], int(tags[_PID]), float(tags[_STARTED]))
        except (KeyError, ValueError):
            return None

    def tags(self) -> dict[str, str]:
        """As tags of a run."""
        return {_HOST: self.host, _PID: str(self.pid), _STARTED: repr(self.started)}

    def is_here(self) -> bool:
        """Did it run on this host? Only then can be said whether it is alive."""
        return self.host == socket.gethostname()

    def is_alive(self) -> bool:
        """Is it running? For a process of this host."""
        try:
            process = psutil.Process(self.pid)
            return (
                abs(process.create_time() - self.started) < _CLOCK_TOLERANCE_S
                and process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True
