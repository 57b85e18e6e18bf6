"""What is printed on the file descriptors 1 and 2, by Python, by C code or by a child process, caught for the log."""

import ctypes
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Printed:
    """What was written on standard output and standard error; filled when :func:`printed` is left."""

    output: str = ""
    errors: str = ""


@contextmanager
def printed() -> Iterator[Printed]:
    """Catch what is written to standard output and error inside, also when the inside raises.

    The file descriptors belong to the whole process: keep what is inside short, and print nothing of one's own in it.
    """
    found = Printed()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        flush()
        saved = [os.dup(descriptor) for descriptor in (1, 2)]
        try:
            for descriptor, caught in ((1, output), (2, errors)):
                os.dup2(caught.fileno(), descriptor)
            yield found
        finally:
            flush()
            for descriptor, original in zip((1, 2), saved, strict=True):
                os.dup2(original, descriptor)
                os.close(original)
            for caught in (output, errors):
                caught.seek(0)
            found.output = output.read().decode(errors="replace")
            found.errors = errors.read().decode(errors="replace")


def flush() -> None:
    """Empty Python's and C's buffers, so that each text goes where the descriptors pointed when it was printed."""
    for stream in (sys.stdout, sys.stderr):
        # A closed or absent stream has nothing to flush (a daemon, a test runner's capture).
        if stream is not None and not stream.closed:
            stream.flush()
    ctypes.CDLL(None).fflush(None)
