"""Capture what Python, C code or child processes print to the file descriptors 1 and 2."""

import ctypes
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Printed:
    """The text written to standard output and standard error; filled at the end of the :func:`printed` block."""

    output: str = ""
    errors: str = ""


@contextmanager
def printed() -> Iterator[Printed]:
    """Capture what is written to standard output and error inside ``with``, also if the block raises.

    The file descriptors belong to the whole process: keep the block short, and do not print anything else in it.
    """
    captured = Printed()
    with log_held_back(), tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        flush()
        saved = [os.dup(descriptor) for descriptor in (1, 2)]
        try:
            for descriptor, file in ((1, output), (2, errors)):
                os.dup2(file.fileno(), descriptor)
            yield captured
        finally:
            flush()
            for descriptor, original in zip((1, 2), saved, strict=True):
                os.dup2(original, descriptor)
                os.close(original)
            for file in (output, errors):
                file.seek(0)
            captured.output = output.read().decode(errors="replace")
            captured.errors = errors.read().decode(errors="replace")


@contextmanager
def log_held_back() -> Iterator[None]:
    """Delay log lines to standard output and error, from any thread, until the context is left.

    Otherwise a log line of this process (setuptools logs each command that it starts) would be taken for output of the
    program whose output is captured.
    """
    held: list[tuple[logging.Handler, logging.LogRecord]] = []
    filters: list[tuple[logging.Handler, _HoldBack]] = []
    for handler in _handlers_to_descriptors():
        filters.append((handler, _HoldBack(handler, held)))
        handler.addFilter(filters[-1][1])
    try:
        yield
    finally:
        for handler, hold_back in filters:
            handler.removeFilter(hold_back)
        for handler, record in held:
            handler.handle(record)


class _HoldBack(logging.Filter):
    def __init__(self, handler: logging.Handler, held: list[tuple[logging.Handler, logging.LogRecord]]) -> None:
        super().__init__()
        self._handler, self._held = handler, held

    def filter(self, record: logging.LogRecord) -> bool:
        self._held.append((self._handler, record))
        return False


def _handlers_to_descriptors() -> set[logging.Handler]:
    """Return the handlers of all loggers that write to the file descriptors 1 or 2."""
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    handlers = {handler for logger in loggers if isinstance(logger, logging.Logger) for handler in logger.handlers}
    writing = {handler for handler in handlers if _descriptor(getattr(handler, "stream", None)) in (1, 2)}
    # The handler of last resort writes to whatever sys.stderr is at that time.
    return writing | ({logging.lastResort} if logging.lastResort is not None else set())


def _descriptor(stream: object) -> int | None:
    try:
        return stream.fileno()  # pyright: ignore[reportAttributeAccessIssue]
    except (AttributeError, OSError, ValueError):
        return None


def flush() -> None:
    """Flush Python's and C's buffers, so that text goes where the descriptors pointed when it was printed."""
    for stream in (sys.stdout, sys.stderr):
        # A closed or absent stream has nothing to flush (a daemon, a test runner's capture).
        if stream is not None and not stream.closed:
            stream.flush()
    ctypes.CDLL(None).fflush(None)
