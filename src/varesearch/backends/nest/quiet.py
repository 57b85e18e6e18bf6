"""What a simulator prints goes to the log, also when C++ prints it."""

import ctypes
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def printed_to(logger: logging.Logger) -> Iterator[None]:
    """Send what is written to standard output and error inside, by Python or C, to ``logger`` at level DEBUG.

    The file descriptors 1 and 2 belong to the whole process: keep what is inside short, and print nothing of one's
    own in it. What was printed is logged after the descriptors are put back, also when the inside raises.
    """
    warned: list[warnings.WarningMessage] = []
    with tempfile.TemporaryFile() as caught:
        _flush()
        saved = [os.dup(descriptor) for descriptor in (1, 2)]
        try:
            for descriptor in (1, 2):
                os.dup2(caught.fileno(), descriptor)
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                yield
        finally:
            _flush()
            for descriptor, original in zip((1, 2), saved, strict=True):
                os.dup2(original, descriptor)
                os.close(original)
            caught.seek(0)
            for line in caught.read().decode(errors="replace").splitlines():
                if line.strip():
                    logger.debug("%s", line.rstrip())
            for warning in warned:
                logger.debug("%s: %s", warning.category.__name__, warning.message)


def _flush() -> None:
    """Empty Python's and C's buffers, so that each text goes where the descriptors pointed when it was printed."""
    for stream in (sys.stdout, sys.stderr):
        # A closed or absent stream has nothing to flush (a daemon, a test runner's capture).
        if stream is not None and not stream.closed:
            stream.flush()
    ctypes.CDLL(None).fflush(None)
