"""One log for everything that a run prints: Python's logging, ``print``, and what C code writes."""

import contextlib
import faulthandler
import io
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TextIO

from varesearch.encoding import PLAIN

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_FOLLOW_S = 0.1
_LOOK_S = 0.5
LARGEST_BYTES = 64_000_000
"""A log that grows beyond this size keeps its first half and the end of the rest."""


class LogCapture:
    """Sends file descriptors 1 and 2, ``sys.stdout``, ``sys.stderr``, Python's logging and warnings to one file.

    ``terminal`` and ``errors`` are text streams on the real standard output and error; they are for the program's own
    messages, and a closed pipe behind them (``| head``) does not disturb the run. Before the folder of the run is known
    (``path`` is None) the log is in an unnamed temporary file: :meth:`move_to` gives it its place. With ``verbose``
    the real standard error shows the log as it grows.

    The log stays below :data:`LARGEST_BYTES`, except for what is written within half a second or by C code that holds
    Python's lock. What does not fit on the disk is dropped: a full disk must not end the run that prints.

    Everything is put back on leaving. Child processes share the log, if they were started after :meth:`move_to`.
    """

    def __init__(self, path: Path | None = None, verbose: bool = False, level: int = logging.INFO) -> None:
        self.path = path
        self._verbose = verbose
        self._level = level
        self.terminal: TextIO = sys.stdout
        self.errors: TextIO = sys.stderr

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(AttributeError, ValueError, OSError):
                    stream.flush()
            saved = (os.dup(1), os.dup(2))
            undo.callback(_restore_descriptors, saved)
            self._file = _open_log(self.path)
            undo.callback(self._close_file)
            self._redirect()
            # Descriptors of their own: the streams can still be used when the capture has ended.
            self.terminal = _terminal_stream(os.dup(saved[0]), self.terminal)
            self.errors = _terminal_stream(os.dup(saved[1]), self.errors)
            undo.callback(_flush, self.terminal, self.errors)
            undo.enter_context(contextlib.redirect_stdout(_descriptor_stream(1)))
            undo.enter_context(contextlib.redirect_stderr(_descriptor_stream(2)))
            undo.enter_context(_logging_to(sys.stderr, self._level))
            undo.enter_context(_fault_handler())
            undo.enter_context(self._in_thread(self._bound, "log bound"))
            if self._verbose:
                undo.enter_context(self._in_thread(self._follow, "log follower"))
            self._undo = undo.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._undo.close()

    def move_to(self, path: Path) -> None:
        """Continue the log in the file ``path``, beginning with what was logged so far."""
        self.flush()
        target = _open_log(path)
        self._file.seek(0)
        target.write(self._file.read())
        old, self._file, self.path = self._file, target, path
        self._redirect()
        old.close()

    def flush(self) -> None:
        """Write out what Python has buffered. Buffers of C code are not written."""
        _flush(sys.stdout, sys.stderr)

    def _redirect(self) -> None:
        os.dup2(self._file.fileno(), 1)
        os.dup2(self._file.fileno(), 2)

    def _close_file(self) -> None:
        self._file.close()

    @contextlib.contextmanager
    def _in_thread(self, target: Callable[[threading.Event], None], name: str) -> Iterator[None]:
        # The threads read the file. With a pipe, C code that holds Python's lock could fill it and wait for ever.
        done = threading.Event()
        thread = threading.Thread(target=target, args=(done,), name=name, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.flush()
            done.set()
            thread.join()

    def _bound(self, done: threading.Event) -> None:
        while True:
            last = done.wait(_LOOK_S)
            # move_to may just have closed it; all writers append, so that they go on at the new end.
            with contextlib.suppress(ValueError, OSError):
                descriptor = self._file.fileno()
                size = os.fstat(descriptor).st_size
                if size > LARGEST_BYTES:
                    os.ftruncate(descriptor, LARGEST_BYTES // 2)
                    os.write(descriptor, _cut(size - LARGEST_BYTES // 2))
            if last:
                return

    def _follow(self, done: threading.Event) -> None:
        position = 0
        while True:
            last = done.wait(_FOLLOW_S)
            # move_to keeps what was logged at the same place, so that a position holds in the new file too.
            with contextlib.suppress(ValueError):
                position = min(position, os.fstat(self._file.fileno()).st_size)
                new = os.pread(self._file.fileno(), 1 << 20, position)
                while new:
                    position += len(new)
                    self.errors.write(new.decode(errors="replace"))
                    new = os.pread(self._file.fileno(), 1 << 20, position)
                self.errors.flush()
            if last:
                return


class _Lossy(io.FileIO):
    """A file that drops what cannot be written: to a terminal that has gone away, or to a log on a full disk."""

    def write(self, data, /) -> int:
        try:
            return super().write(data) or 0
        except OSError:
            return len(data)


def _open_log(path: Path | None) -> IO[bytes]:
    # Append mode, so that all descriptors, here and in child processes, write at the end.
    if path is None:
        return tempfile.TemporaryFile("a+b", buffering=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("a+b", buffering=0)


def _cut(n_bytes: int) -> bytes:
    return f"\n... {n_bytes:,} bytes are left out here: the log had more than {LARGEST_BYTES:,} bytes ...\n".encode()


def _terminal_stream(descriptor: int, like: TextIO) -> TextIO:
    """Open a text stream on a descriptor, with the encoding of the stream that wrote to the terminal before."""
    raw = _Lossy(descriptor, "w")
    encoding = getattr(like, "encoding", None) or "utf-8"
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors=PLAIN, line_buffering=True)


def _descriptor_stream(descriptor: int) -> TextIO:
    raw = _Lossy(descriptor, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace", line_buffering=True)


def _restore_descriptors(saved: tuple[int, int]) -> None:
    for descriptor, original in enumerate(saved, start=1):
        os.dup2(original, descriptor)
        os.close(original)


def _flush(*streams: TextIO) -> None:
    for stream in streams:
        with contextlib.suppress(ValueError, OSError):
            stream.flush()


@contextlib.contextmanager
def _logging_to(stream: TextIO, level: int):
    root = logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(_FORMAT))
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.setLevel(before)
        root.removeHandler(handler)


@contextlib.contextmanager
def _fault_handler():
    # A crash in C code leaves its stack in the log. Pytest has its own; that one is left alone.
    if faulthandler.is_enabled():
        yield
        return
    faulthandler.enable(file=sys.stderr)
    try:
        yield
    finally:
        faulthandler.disable()
