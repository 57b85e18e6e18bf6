"""C++ standalone: the whole simulation as one compiled program, for runs long enough to repay the compiler."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_REPORT = "std::cout << completed << std::endl;"
_POLL_S = 0.2


def compile_program(network: Any, duration_ms: float, folder: Path) -> None:
    """Generate and compile the program that simulates ``network``. Raises RuntimeError when the compiler fails."""
    import brian2

    network.run(duration_ms * brian2.ms, report=_REPORT, report_period=_POLL_S * brian2.second, namespace={})
    device: Any = brian2.get_device()
    device.build(directory=str(folder), compile=True, run=False, with_output=False)


def run_program(folder: Path, duration_ms: float, progress: Callable[[float], None]) -> None:
    """Run the program; ``progress`` is called, from a thread, with what it has written. Raises RuntimeError."""
    import brian2

    device: Any = brian2.get_device()
    done = threading.Event()
    watcher = threading.Thread(
        target=_watch, args=(Path(device.results_dir) / "stdout.txt", duration_ms, progress, done), daemon=True
    )
    environment = dict(os.environ)
    watcher.start()
    try:
        device.run(directory=str(folder), with_output=False)
    finally:
        done.set()
        watcher.join()
        for name in set(os.environ) - set(environment):
            del os.environ[name]
        os.environ.update(environment)
        brian2.Network._globally_running = False


def _watch(path: Path, duration_ms: float, progress: Callable[[float], None], done: threading.Event) -> None:
    finished = False
    while not finished:
        finished = done.wait(_POLL_S)
        lines = path.read_text().splitlines() if path.exists() else []
        # The last line may be half written while the program runs.
        if lines and (finished or len(lines) > 1):
            progress(float(lines[-1] if finished else lines[-2]) * duration_ms)
