"""How the process that started a board asks it: a line of JSON each way, over standard input and output.

Requests: ``{"ask": "status"}``, ``{"ask": "statistics", "path": "..."}``, ``{"ask": "power cycle"}``,
``{"ask": "stop"}``. The end of standard input stops the board too, so that it does not outlive its parent.
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
        """The descriptor to wait for."""
        return self._requests

    def say(self, **values: object) -> None:
        """Writes one line."""
        line = json.dumps(values).encode() + b"\n"
        while line:
            line = line[os.write(self._answers, line) :]

    def take(self, server: Server) -> None:
        """Reads what has come and answers it."""
        data = os.read(self._requests, _MAX_LINE)
        if not data:
            server.stop()
            return
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            try:
                self._obey(server, json.loads(line))
            except Exception as error:  # the parent waits for a line, and the board lives on
                _log.exception("a request of the parent failed")
                self.say(error=f"{type(error).__name__}: {error}")

    def _obey(self, server: Server, request: dict[str, str]) -> None:
        ask = request.get("ask")
        if ask == "stop":
            server.stop()
            self.say(stopped=True)
        elif ask == "power cycle":
            server.power_cycle()
            self.say(booted=server.monitor is not None)
        elif ask == "status":
            monitor = server.monitor
            clock_ms = None if monitor is None else monitor.machine.clock_ms
            active = 0 if monitor is None else monitor.machine.core.active
            self.say(booted=monitor is not None, clock_ms=clock_ms, active_cores=active)
        elif ask == "statistics" and server.monitor is not None:
            statistics = gather(server.monitor)
            save(statistics, request["path"])
            self.say(saved=request["path"])
        else:
            self.say(error=f"cannot answer {ask!r}")
