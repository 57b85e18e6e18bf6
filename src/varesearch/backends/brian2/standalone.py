"""C++ standalone: the whole simulation as one compiled program, for runs long enough to repay the compiler."""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from varesearch.backends.brian2.compiling import Output, compiler_output, plain_errors
from varesearch.backends.faults import SimulatorError, first_error
from varesearch.backends.printed import Printed, printed

logger = logging.getLogger(__name__)

_REPORT = "std::cout << completed << std::endl;"
_POLL_S = 0.2
_COMPILER = "The C++ compiler"


def compile_program(network: Any, duration_ms: float, folder: Path) -> None:
    """Generate and compile the program that simulates ``network``.

    Raises SimulatorError with the compiler's message if the compiler fails or a code object was not built.
    """
    import brian2

    with plain_errors():
        network.run(duration_ms * brian2.ms, report=_REPORT, report_period=_POLL_S * brian2.second, namespace={})
    device: Any = brian2.get_device()
    output = Output()
    try:
        with compiler_output(_COMPILER) as output:
            device.build(directory=str(folder), compile=True, run=False, with_output=False)
    except RuntimeError as error:
        logger.info("%s:\n%s", _COMPILER, output.text)
        raise SimulatorError(f"{_COMPILER} failed: {first_error(output.text or str(error))}") from error
    compiled = {path.stem for path in (folder / "code_objects").glob("*.o")}
    missing = sorted(name for name in device.code_objects if name not in compiled)
    if missing:
        raise SimulatorError(f"{_COMPILER} did not build {len(missing)} code objects: {', '.join(missing[:3])}")


def run_program(folder: Path, duration_ms: float, progress: Callable[[float], None]) -> None:
    """Run the program; a thread calls ``progress`` with the simulated time in ms that the program reports.

    Raises SimulatorError with the program's standard error if it fails. Standard error of a program that succeeds is
    logged as an error, which fails the run.
    """
    import brian2

    device: Any = brian2.get_device()
    done = threading.Event()
    watcher = threading.Thread(
        target=_watch, args=(Path(device.results_dir) / "stdout.txt", duration_ms, progress, done), daemon=True
    )
    environment = dict(os.environ)
    watcher.start()
    captured = Printed()
    try:
        with printed() as captured:
            device.run(directory=str(folder), with_output=False)
    except RuntimeError as error:
        raise SimulatorError(f"Brian2's program failed: {first_error(captured.errors or str(error))}") from error
    finally:
        done.set()
        watcher.join()
        for name in set(os.environ) - set(environment):
            del os.environ[name]
        os.environ.update(environment)
    if captured.errors.strip():
        logger.error("Brian2's program wrote to standard error: %s", " | ".join(captured.errors.split("\n")[:5]))


def _watch(path: Path, duration_ms: float, progress: Callable[[float], None], done: threading.Event) -> None:
    finished = False
    while not finished:
        finished = done.wait(_POLL_S)
        lines = path.read_text().splitlines() if path.exists() else []
        # The last line may be half written while the program runs.
        if lines and (finished or len(lines) > 1):
            progress(float(lines[-1] if finished else lines[-2]) * duration_ms)
