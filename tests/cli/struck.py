"""A command that is struck by a signal some time after it began: how it ended, and what it left behind."""

import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

_MARK = "VARESEARCH_STRUCK"


@dataclass(frozen=True)
class Struck:
    """``left``: the command lines of processes that were still there a second after the command's end."""

    code: int
    out: str
    err: str
    left: list[str]


def strike(words: list[str], signum: signal.Signals, after_s: float, environment: dict[str, str]) -> Struck:
    """Run ``python -m WORDS`` and send it a signal ``after_s`` seconds after it has begun to handle signals.

    Only the command's own process gets it, as from ``kill`` or a batch system.
    """
    mark = uuid.uuid4().hex
    with subprocess.Popen(
        [sys.executable, "-m", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, _MARK: mark},
        start_new_session=True,
    ) as process:
        while process.poll() is None and not _handles_signals(process.pid):
            time.sleep(0.002)
        time.sleep(after_s)
        process.send_signal(signum)
        out, err = process.communicate(timeout=120)
    return Struck(process.returncode, out, err, _left(mark))


def _handles_signals(pid: int) -> bool:
    # SIGHUP is the last that a command begins to handle; Python itself handles SIGINT from its own start.
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    (caught,) = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")]
    return bool(int(caught, 16) >> (signal.SIGHUP - 1) & 1)


def _left(mark: str) -> list[str]:
    deadline = time.monotonic() + 1.0
    while (left := _marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return list(left.values())


def _marked(mark: str) -> dict[int, str]:
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if f"{_MARK}={mark}".encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:200]
        except OSError:
            continue
    return found
