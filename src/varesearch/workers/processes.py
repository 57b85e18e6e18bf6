"""Processes on Linux: their descendants, their memory, and which of them end together."""

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

# <linux/prctl.h>; see prctl(2).
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}): {os.strerror(number)}")


def die_with(parent: int) -> None:
    """Have the kernel kill this process when ``parent``, which forked it, ends in whatever way.

    Use it only where the parent forks in its main thread, since the end of the thread counts; see prctl(2).
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        os._exit(128 + signal.SIGKILL)


@contextlib.contextmanager
def dying_with(parent: int) -> Iterator[None]:
    """:func:`die_with` for the time of the ``with`` block."""
    die_with(parent)
    yield
    _prctl(_PR_SET_PDEATHSIG, 0)


def adopt_orphans() -> None:
    """Become the parent of all descendants whose own parent ends, so that none escapes."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def descendants(pid: int) -> Iterator[int]:
    """Yield all descendants of ``pid``, including zombies, parents before children.

    They are read from ``/proc/PID/task/TID/children`` (proc(5)), which takes some tens of microseconds; a list of all
    processes, as psutil makes it, takes milliseconds.
    """
    children: list[str] = []
    with contextlib.suppress(OSError):  # gone
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += (task / "children").read_text().split()
    for child in children:
        yield int(child)
        yield from descendants(int(child))


def kill_descendants() -> None:
    """Kill all descendants of this process, and do not wait."""
    for pid in list(descendants(os.getpid())):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def end_descendants(wait_s: float = 0.0) -> None:
    """Wait until no descendant of this process, which adopts orphans, is left; kill those that stay longer."""
    kill_at = time.monotonic() + wait_s
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            if time.monotonic() >= kill_at:
                kill_descendants()
            time.sleep(0.005)


def resident_mb(pid: int) -> float:
    """Return resident memory in MB of 10^6 bytes, including shared pages; 0 for a process that has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_MB
    except (OSError, IndexError):
        return 0.0


def offer_to_the_oom_killer() -> None:
    """Let the kernel, if memory runs out, end this process before those that watch over it (proc(5), oom_score_adj)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")
