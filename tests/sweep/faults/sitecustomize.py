"""Faults of children, planted from outside: Python imports this module at its start where the folder is on its path.

VARESEARCH_FAULTS is JSON, seed -> name of a function here. The function is called in the child of that seed before its
network is drawn. SWEEP_PID is the process of the sweep.
"""

import ctypes
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from varesearch import network


def crash() -> None:
    """A segmentation fault."""
    ctypes.string_at(1)


def eat() -> None:
    """More memory than is allowed."""
    data = b"x" * 2 * 10**9
    time.sleep(600)
    del data


def hang() -> None:
    """No end."""
    while True:
        time.sleep(600)


def killed() -> None:
    """As by kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt() -> None:
    """Ctrl-C for the sweep, while this child has no end."""
    _strike(signal.SIGINT)


def insist() -> None:
    """Ctrl-C for the sweep, and once more while this child tidies up, which takes it most of its grace period."""

    def tidy_up(*_: object) -> None:
        time.sleep(1.2)
        os.kill(int(os.environ["SWEEP_PID"]), signal.SIGINT)
        time.sleep(7)
        Path(os.environ["VARESEARCH_ROOT"], "tidied").touch()

    signal.signal(signal.SIGTERM, tidy_up)
    _strike(signal.SIGINT)


def kill_sweep() -> None:
    """kill -9 for the sweep, while this child has no end."""
    _strike(signal.SIGKILL)


def fill() -> None:
    """Fill the disk on which the project is, to the last byte, and go on."""
    with (Path(os.environ["VARESEARCH_ROOT"]) / "filler").open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 10, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def wait_for_file() -> None:
    """Say that it is here, and wait until somebody says go."""
    root = Path(os.environ["VARESEARCH_ROOT"])
    (root / "here").touch()
    while not (root / "go").exists():
        time.sleep(0.05)


def _strike(number: int) -> None:
    Path(os.environ["VARESEARCH_ROOT"], "struck").write_text(str(os.getpid()))
    os.kill(int(os.environ["SWEEP_PID"]), number)
    time.sleep(600)


def _plant(faults: dict[str, str]) -> None:
    draw = network.draw

    def struck(config: Any) -> network.Network:
        if str(config.seed) in faults:
            globals()[faults[str(config.seed)]]()
        return draw(config)

    network.draw = struck


_plant(json.loads(os.environ.get("VARESEARCH_FAULTS", "{}")))
