"""Progress of a run on a machine that keeps to the clock.

Nothing can be asked of the cores while they run. What is known is when sPyNNaker starts them (it logs a line) and how
long a simulated millisecond takes, so the simulated time follows from the clock, and never claims the end.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_RUNNER = "spinn_front_end_common.interface.interface_functions.application_runner"
_STARTS = "*** Running simulation"
_EVERY_S = 0.1
_AT_MOST = 0.99


class _Started(logging.Handler):
    """Notes when the cores are started."""

    def __init__(self) -> None:
        super().__init__()
        self.at: float | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self.at is None and record.getMessage().startswith(_STARTS):
            self.at = time.monotonic()


@contextmanager
def reported(
    progress: Callable[[float], None],
    duration_ms: float,
    time_scale_factor: float,
    clock: Callable[[], float | None] = lambda: None,
) -> Iterator[None]:
    """Call ``progress(simulated_ms)`` about ten times a second from a thread, and with the whole time at the end.

    ``clock`` is the machine's own clock in ms of the hardware, if it can be asked: it takes the place of the wall's.
    """
    started = _Started()
    done = threading.Event()

    def report() -> None:
        first: float | None = None
        while not done.wait(_EVERY_S):
            if started.at is None:
                continue
            now = clock()
            if now is None:
                now, first = time.monotonic() * 1000.0, started.at * 1000.0
            first = now if first is None else first
            progress(min((now - first) / time_scale_factor, _AT_MOST * duration_ms))

    runner = logging.getLogger(_RUNNER)
    level = runner.level
    runner.addHandler(started)
    runner.setLevel(logging.INFO)
    thread = threading.Thread(target=report, name="spinnaker progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        runner.removeHandler(started)
        runner.setLevel(level)
    progress(duration_ms)
