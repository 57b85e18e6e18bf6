"""Errors that a simulator or a compiler reports without stopping: they fail the run.

Simulators may report an error and continue: Brian2 drops code that Cython could not compile, NEST prints a message,
sPyNNaker logs one. All of these messages reach Python's logging (back ends send printed output there), and
:class:`ErrorWatch` keeps every record of level ERROR or above that :data:`HARMLESS` does not list.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

_OURS = "varesearch."
_OF_BACK_ENDS = "varesearch.backends."
_MOST = 100


class SimulatorError(RuntimeError):
    """A simulator or its compiler reported an error; the message is its text in one line."""


@dataclass(frozen=True)
class Harmless:
    """An error message that does not affect results.

    It matches ``pattern`` and comes from a logger whose name begins with ``logger``. ``reason`` says why it is
    harmless.
    """

    logger: str
    pattern: re.Pattern[str]
    reason: str


HARMLESS: tuple[Harmless, ...] = ()
"""No harmless error is known so far."""


class ErrorWatch(logging.Handler):
    """Inside ``with``, collects the messages of all loggers at level ERROR or above, from any thread.

    Of the loggers of varesearch, only those of back ends (``varesearch.backends``) count.
    """

    def __init__(self, harmless: Sequence[Harmless] = HARMLESS) -> None:
        super().__init__(logging.ERROR)
        self._harmless = harmless
        self._faults: dict[str, None] = {}

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message unless it was kept before."""
        if record.name.startswith(_OURS) and not record.name.startswith(_OF_BACK_ENDS):
            return
        text = " ".join(record.getMessage().split())
        if any(record.name.startswith(known.logger) and known.pattern.search(text) for known in self._harmless):
            return
        if len(self._faults) < _MOST:
            self._faults[f"{record.name} reported an error: {text}"] = None

    @property
    def faults(self) -> tuple[str, ...]:
        """The messages in the order in which they were reported, without repetitions."""
        return tuple(self._faults)


COMPILER_REMARKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bwarning\b", re.IGNORECASE), "the code was compiled; another compiler warns of other things"),
    (re.compile(r"\bnote\b"), "belongs to a warning"),
    (re.compile(r"performance hint", re.IGNORECASE), "Cython's advice on speed"),
    (re.compile(r"^(In file included|\s+from |.*: In |.*: At global scope)"), "location of a warning"),
    (re.compile(r"^(\s|\d+ \||\||~|\^)"), "source line of a warning"),
    (
        re.compile(r"^(make|gmake)(\[\d+\])?: (Entering|Leaving|Nothing to be done|.* is up to date)"),
        "make's messages on its progress; its errors begin with ***",
    ),
    (re.compile(r"^(\S*-)?ar: creating "), "a new archive"),
    (re.compile(r"^(running|building|copying|creating) [^:]*$"), "setuptools' messages on its progress"),
)
"""Lines of a compiler's standard error that are known to be harmless, with the reason."""


def log_compiler_messages(logger: logging.Logger, compiler: str, text: str) -> str:
    """Log what a compiler wrote to standard error: known remarks as warnings, everything else as one error.

    Parameters
    ----------
    logger
        The logger of the back end that called the compiler.
    compiler
        The compiler's name, for the messages.
    text
        The compiler's standard error.

    Returns
    -------
    str
        The error, for callers outside of an :class:`ErrorWatch`; ``""`` if every line is a known remark.
    """
    unknown: list[str] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        if any(pattern.search(line) for pattern, _reason in COMPILER_REMARKS):
            logger.warning("%s: %s", compiler, line.rstrip())
        else:
            unknown.append(line.strip())
    if not unknown:
        return ""
    error = f"{compiler} wrote to standard error: {' | '.join(unknown[:5])}"
    logger.error("%s", error)
    return error


def first_error(text: str) -> str:
    """Return the most informative line of a compiler's output: the first error with a position, or else the last line.

    Examples
    --------
    >>> first_error("cell.cpp: In function f\\nsrc/cell.cpp:3:1: error: v was not declared\\nmake: *** [all] Error 1")
    'cell.cpp:3:1: error: v was not declared'
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    with_position = (line for line in lines if re.search(r":\d+:\d+: ", line) and not re.search(r"warning|note", line))
    with_error = (line for line in lines if re.search(r"\berror\b", line, re.IGNORECASE))
    line = next(with_position, None) or next(with_error, None) or (lines[-1] if lines else "it printed no message")
    return re.sub(r"\S*/(?=[^/\s]+:\d+:\d+: )", "", line)
