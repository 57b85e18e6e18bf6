"""Send what NEST prints to the log, each message with the level that NEST gives it."""

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from varesearch.backends.printed import printed

_MESSAGE = re.compile(r"^\[(?P<level>[A-Z]+)\] \[[^\]]*\] (?P<text>.*)$")
"""The first line of a message of NEST 3.10; all lines up to the next such line belong to it."""

_LEVELS = {"WARNING": logging.WARNING, "ERROR": logging.ERROR, "FATAL": logging.ERROR}
"""NEST's level -> Python's; all others become DEBUG."""

_KNOWN = re.compile("The requested simulation time is not an integer multiple of the minimal delay")
"""Printed for every slice of a run. It matters only for NEST's own random generators, which are not used here."""


@contextmanager
def printed_to(logger: logging.Logger) -> Iterator[None]:
    """Send what is written to standard output and error inside, by Python or C, to ``logger``.

    NEST's warnings and errors keep their level; anything else on standard error is logged as WARNING, the rest as
    DEBUG. Everything is logged once the file descriptors are restored, also if the block raises.
    """
    warned: list[warnings.WarningMessage] = []
    caught = None
    try:
        with printed() as caught, warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield
    finally:
        if caught is not None:
            _log(logger, caught.output, logging.DEBUG)
            _log(logger, caught.errors, logging.WARNING)
        for warning in warned:
            logger.debug("%s: %s", warning.category.__name__, warning.message)


def _log(logger: logging.Logger, text: str, usual: int) -> None:
    messages: list[tuple[int, list[str]]] = []
    inside = False
    for line in text.splitlines():
        if not line.strip():
            continue
        head = _MESSAGE.match(line)
        if head is not None:
            level = logging.DEBUG if _KNOWN.match(head["text"]) else _LEVELS.get(head["level"], logging.DEBUG)
            messages.append((level, [f"NEST: {head['text'].strip()}"]))
            inside = True
        elif inside:
            messages[-1][1].append(line.strip())
        else:
            messages.append((usual, [line.rstrip()]))
    for level, lines in messages:
        logger.log(level, "%s", " ".join(lines))
