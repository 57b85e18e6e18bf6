"""A board in a process of its own, controlled from Python."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spinnaker_board.scp import SCP_PORT
from spinnaker_board.server import AddressError, Settings
from spinnaker_board.statistics import BoardStatistics, load

_START_S = 30.0
_ANSWER_S = 30.0
_STOP_S = 5.0
_FIRST_ADDRESS, _LAST_ADDRESS = 2, 254
_IN_USE = "is in use"


def _is_free(address: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, SCP_PORT))
        except OSError:
            return False
    return True


class BoardError(RuntimeError):
    """The process of a board ended, did not answer, or refused a request."""


@dataclass(frozen=True)
class Status:
    """The state of a board.

    Attributes
    ----------
    booted
        Whether it has been booted.
    clock_ms
        Virtual time since power-on; None before booting.
    active_cores
        Number of application cores that run.
    """

    booted: bool
    clock_ms: float | None
    active_cores: int


class Board:
    """A running software board, to be used in a ``with`` block, which stops it.

    The board is a process of its own, which also ends when this one does.

    Parameters
    ----------
    version
        3 (four chips) or 5 (48 chips).
    address
        Its loopback address; None: the first free one from 127.0.0.2 on.
    threads
        Number of processors to use; the results do not depend on it.
    booted
        Whether it is booted, or waits for a boot image.
    log
        File for its log; None: a temporary one, ``board.log``.
    cache
        Private folder for compiled code; None: all code is interpreted, with the same results.

    Raises
    ------
    AddressError
        The address is not a loopback address, or is in use.
    BoardError
        The board does not start; the message gives the reason.

    Examples
    --------
    >>> with Board(version=3) as board:
    ...     board.status().active_cores
    0
    """

    def __init__(
        self,
        version: int = 3,
        address: str | None = None,
        *,
        threads: int = 1,
        booted: bool = True,
        log: str | Path | None = None,
        cache: str | Path | None = None,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="spinnaker-board-")
        self.log = Path(log) if log is not None else Path(self._folder.name) / "board.log"
        self.version = version
        candidates = [address] if address else [f"127.0.0.{n}" for n in range(_FIRST_ADDRESS, _LAST_ADDRESS + 1)]
        for self.address in candidates:
            if not address and not _is_free(self.address):
                continue  # faster than starting a process that finds it out; the process checks again
            settings = Settings(version, self.address, booted, threads, cache=str(cache) if cache else None)
            try:
                settings.check()
                self._process = self._start(settings)
                return
            except AddressError as error:
                if address or _IN_USE not in str(error):
                    self._folder.cleanup()
                    raise
            except BoardError:
                self._folder.cleanup()
                raise
        self._folder.cleanup()
        raise AddressError("no loopback address from 127.0.0.2 to 127.0.0.254 is free for a board")

    def _start(self, settings: Settings) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "spinnaker_board", "--control"]
        command += ["--version", str(settings.version), "--address", settings.address, "--log", str(self.log)]
        command += ["--threads", str(settings.threads)] + ([] if settings.booted else ["--unbooted"])
        command += ["--cache", settings.cache] if settings.cache else []
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the parent, which then stops the board
        )
        try:
            if self._read_line(process, _START_S) == {"ready": True}:
                return process
        except BoardError:
            pass
        process.kill()
        assert process.stderr is not None
        reason = process.stderr.read().decode(errors="replace").strip()
        process.communicate()
        if _IN_USE in reason:
            raise AddressError(reason)
        raise BoardError(reason or f"the board did not answer within {_START_S:g} s")

    @staticmethod
    def _read_line(process: subprocess.Popen[bytes], timeout_s: float) -> dict[str, Any]:
        assert process.stdout is not None
        end_s = time.monotonic() + timeout_s
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(end_s - time.monotonic(), 0)):
                    raise BoardError(f"the board did not answer within {timeout_s:g} s")
                part = os.read(process.stdout.fileno(), 1 << 16)
                if not part:
                    raise BoardError("the board's process has ended")
                line += part
        return json.loads(line)

    def __enter__(self) -> Board:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether the process of the board runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The id of the board's process."""
        return self._process.pid

    def _ask(self, **request: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        if self._process.stdin.closed:
            raise BoardError("the board was stopped; its process has ended")
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise BoardError(f"the board's process has ended; its log is {self.log}") from error
        return self._read_line(self._process, _ANSWER_S)

    def status(self) -> Status:
        """Ask for the state of the board; fast enough for a progress bar."""
        return Status(**self._ask(ask="status"))

    def statistics(self) -> BoardStatistics:
        """Ask what each core has done since its application started. Raises BoardError before booting."""
        path = str(Path(self._folder.name) / "statistics.npz")
        answer = self._ask(ask="statistics", path=path)
        if "error" in answer:
            raise BoardError(str(answer["error"]))
        return load(path)

    def power_cycle(self) -> None:
        """Switch the board off and on, which leaves nothing of what hosts and applications did.

        Raises BoardError if it does not start again.
        """
        answer = self._ask(ask="power cycle")
        if "error" in answer:
            raise BoardError(str(answer["error"]))

    def stop(self) -> None:
        """End the process and free the address. A second call does nothing."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()  # the board stops when its standard input ends
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        self._folder.cleanup()
