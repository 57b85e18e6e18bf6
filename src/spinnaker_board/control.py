"""The pipes between a board and the process that started it: requests and answers are lines of JSON.

Requests: ``{"ask": "status"}``, ``{"ask": "statistics", "path": "..."}``, ``{"ask": "power cycle"}``,
``{"ask": "stop"}``. The board also stops at the end of standard input, so it does not outlive its parent.
"""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING

from spinnaker_board.statistics import gather, save

if TYPE_CHECKING:
    from spinnaker_board.server import Server

_log = logging.getLogger(__name__)

_MAX_LINE = 1 << 16


class Control:
    """The board's end of the two pipes."""

    def __init__(self, requests: int, answers: int) -> None:
        self._requests = requests
        self._answers = answers
        self._pending = b""

    def fileno(self) -> int:
        """The file descriptor to wait for."""
        return self._requests

    def send(self, **values: object) -> None:
        """Send one answer."""
        line = json.dumps(values).encode() + b"\n"
        while line:
            line = line[os.write(self._answers, line) :]

    def answer(self, server: Server) -> None:
        """Read the requests that have arrived and answer them."""
        data = os.read(self._requests, _MAX_LINE)
        if not data:
            server.stop()
            return
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            try:
                self._answer(server, json.loads(line))
            except Exception as error:  # the parent waits for an answer, and the board must survive
                _log.exception("a request of the parent failed")
                self.send(error=f"{type(error).__name__}: {error}")

    def _answer(self, server: Server, request: dict[str, str]) -> None:
        ask = request.get("ask")
        if ask == "stop":
            server.stop()
            self.send(stopped=True)
        elif ask == "power cycle":
            server.power_cycle()
            self.send(booted=server.monitor is not None)
        elif ask == "status":
            monitor = server.monitor
            clock_ms = None if monitor is None else monitor.machine.clock_ms
            active = 0 if monitor is None else monitor.machine.core.active
            self.send(booted=monitor is not None, clock_ms=clock_ms, active_cores=active)
        elif ask == "statistics" and server.monitor is not None:
            statistics = gather(server.monitor)
            save(statistics, request["path"])
            self.send(saved=request["path"])
        else:
            self.send(error=f"cannot answer {ask!r}")
