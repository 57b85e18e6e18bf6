"""What the workers of the tests do."""

import atexit
import ctypes
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

IMPORTED_BY = os.getpid()
ALLOCATE = "import sys, time; data = b'x' * (int(sys.argv[1]) * 10**6); time.sleep(float(sys.argv[2]))"


def at_import() -> None:
    """Preloaded: leaves an exit handler behind, which is the server's affair."""
    atexit.register(print, "the server's handler", flush=True)


def leave_a_thread() -> None:
    """Preloaded: what a fork does not survive."""
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()


def vanish() -> None:
    """Preloaded: ends the server while it starts."""
    print("cannot go on", flush=True)
    os._exit(5)


def echo(argument: Any) -> None:
    """Print the argument."""
    print(json.dumps(argument))


def end(code: int) -> int:
    """The argument is the exit code."""
    return code


def leave(code: Any) -> None:
    """Leave by SystemExit."""
    sys.exit(code)


def circumstances(path: str) -> None:
    """What a worker finds."""
    atexit.register(print, "the task's handler")
    found = {
        "pid": os.getpid(),
        "group": os.getpgid(0),
        "session": os.getsid(0),
        "folder": str(Path.cwd()),
        "threads": os.environ["OPENBLAS_NUM_THREADS"],
        "imported_by": IMPORTED_BY,
        "input": sys.stdin.read(),
        "numpy": float(np.random.random()),  # noqa: NPY002 (the legacy state is what forks share)
        "python": random.random(),
        "files": len(list(Path("/proc/self/fd").iterdir())),
    }
    Path(path).write_text(json.dumps(found))


def fail(message: str) -> None:
    """Raise."""
    raise ValueError(message)


def crash(_: None) -> None:
    """Read from address 1."""
    ctypes.string_at(1)


def strike(number: int) -> None:
    """Die of a signal, a word after."""
    print("the last word")
    os.kill(os.getpid(), number)
    time.sleep(60)


def use_memory(argument: tuple[int, int, float]) -> None:
    """Hold so many MB here, and so many in each of two programs that are started, for so many seconds."""
    here, there, hold_s = argument
    command = [sys.executable, "-c", ALLOCATE, str(there), str(hold_s)]
    programs = [subprocess.Popen(command) for _ in range(2 if there else 0)]
    data = b"x" * (here * 10**6)
    time.sleep(hold_s)
    for program in programs:
        program.wait()
    del data


def hang(_: None) -> None:
    """Deaf to SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf")
    while True:
        time.sleep(60)


def tidy(path: str) -> None:
    """Write a last word on SIGTERM."""
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        Path(path).write_text("here")
        time.sleep(60)
    except KeyboardInterrupt:
        Path(path).write_text("tidied up")
        sys.exit(143)


def leave_programs(path: str) -> None:
    """Start two programs that outlive the task, one in a session of its own and one whose parent is gone."""
    sleeper = subprocess.Popen(["sleep", "600"], start_new_session=True)
    shell = f"sleep 601 & echo $! > {path}"
    subprocess.run(["sh", "-c", shell], check=True)
    with Path(path).open("a") as file:
        print(sleeper.pid, file=file)
    if path.endswith("dies"):
        os.kill(os.getpid(), signal.SIGKILL)


def sleep(seconds: float) -> None:
    """Only that."""
    time.sleep(seconds)
