"""A board in this process that serves the network only while it is asked to, so that a test can look into it."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from spinnaker_board.server import AddressError, Server, Settings

_ADDRESSES = range(150, 200)


class Serving:
    """``with serving:`` answers hosts; outside of it nothing moves.

    :param options: of ``Settings``
    """

    def __init__(self, **options: Any) -> None:
        for number in _ADDRESSES:
            try:
                self.server = Server(Settings(3, f"127.0.0.{number}", **options))
                return
            except AddressError:
                continue
        raise AssertionError("no loopback address is free")

    @property
    def board(self) -> Any:
        """What ``SpynnakerProcess`` wants to know of a board."""
        return SimpleNamespace(address=self.server.settings.address, version=3)

    def __enter__(self) -> None:
        self.server.stopping = False
        self._thread = threading.Thread(target=self.server.run)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self.server.stop()
        self._thread.join()
