"""A filter that keeps the log small, since hosts and applications can cause any number of messages."""

from __future__ import annotations

import logging

_FIRST = 20


class RepeatFilter(logging.Filter):
    """Passes the first 20 messages from a place in the code, then the 32nd, 64th, 128th and so on."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[tuple[str, int], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log a record; from the 21st on, its message gets its number."""
        place = record.pathname, record.lineno
        count = self._counts[place] = self._counts.get(place, 0) + 1
        if count <= _FIRST:
            return True
        if count & (count - 1):
            return False
        left_out = f"those since number {max(count // 2, _FIRST)} are left out"
        record.msg = f"{record.getMessage()} (number {count} of its kind; {left_out})"
        record.args = ()
        return True
