"""A run goes on while the clock is set and another run begins: ``python clock_jump.py ROOT SECONDS``.

The clock of the second run's process is moved by what the system says of its boot: in a mount namespace of that
process, ``/proc/stat`` gives a ``btime`` that is SECONDS later, from which the wall-clock start of every process is
computed. Prints the status of the first run as JSON: while it goes on, and after its end.
"""

import ctypes
import json
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

from forked import config, described, run_once
from support import statuses

from varesearch.tracking import StoreSession, track
from varesearch.tracking.files import RunFiles

_NEW_USER_AND_MOUNTS = 0x10000000 | 0x00020000  # CLONE_NEWUSER, CLONE_NEWNS
_BIND = 0x1000  # MS_BIND


def main(root: Path, seconds: int) -> None:
    """Fork the run that goes on and the one that finds another clock."""
    settings = config()
    run_once(root)  # so that the store is there
    begun, ended = os.pipe(), os.pipe()

    def goes_on() -> None:
        def work(run: RunFiles) -> None:
            os.write(begun[1], run.run_id.encode())
            os.close(ended[1])
            os.read(ended[0], 1)

        track(described(settings), StoreSession(settings.tracking, root), work)

    holder = _fork(goes_on)
    run_id = os.read(begun[0], 100).decode()
    found = []

    def begins() -> None:
        _move_boot(seconds)
        run_once(root)

    assert os.waitpid(_fork(begins), 0)[1] == 0
    found.append(statuses(root)[run_id])
    os.close(ended[1])
    assert os.waitpid(holder, 0)[1] == 0
    found.append(statuses(root)[run_id])
    print(json.dumps(found))


def _fork(action: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            action()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return pid


def _move_boot(seconds: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_NEW_USER_AND_MOUNTS) != 0:
        raise OSError(ctypes.get_errno(), "no mounts of one's own (user namespaces) on this machine")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    moved = re.sub(
        r"(?m)^btime (\d+)", lambda found: f"btime {int(found[1]) + seconds}", Path("/proc/stat").read_text()
    )
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(moved)
        file.flush()
        if libc.mount(file.name.encode(), b"/proc/stat", None, _BIND, None) != 0:
            raise OSError(ctypes.get_errno(), "mount")
    assert Path("/proc/stat").read_text() == moved


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
