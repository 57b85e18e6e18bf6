"""What a simulator or a compiler reports as an error while the run goes on: it fails the run.

Simulators do report errors and continue: Brian2 drops code that Cython could not compile, NEST prints, sPyNNaker logs.
Whatever they say reaches Python's logging (what is printed is sent there by the back end), and :class:`ErrorWatch`
keeps every record of level ERROR and above, except for what :data:`HARMLESS` explains.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

_OURS = "varesearch."
_OF_BACK_ENDS = "varesearch.backends."
_MOST = 100


class SimulatorError(RuntimeError):
    """A simulator, or its compiler, reported an error; the message is one line with its text."""


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, what caused it, what caused that, and so on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


@dataclass(frozen=True)
class Harmless:
    """A message that is no reason to doubt a result: of loggers that begin with ``logger``, matching ``pattern``."""

    logger: str
    pattern: re.Pattern[str]
    reason: str


HARMLESS: tuple[Harmless, ...] = ()
"""None is known so far. An entry needs a reason why the result is right all the same."""


class ErrorWatch(logging.Handler):
    """Inside ``with``, keeps what any logger says at level ERROR or above, in any thread.

    Of the loggers of varesearch only those of ``varesearch.backends`` count, which speak for a simulator.
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
        """Keep the message, once."""
        if record.name.startswith(_OURS) and not record.name.startswith(_OF_BACK_ENDS):
            return
        text = " ".join(record.getMessage().split())
        if any(record.name.startswith(known.logger) and known.pattern.search(text) for known in self._harmless):
            return
        if len(self._faults) < _MOST:
            self._faults[f"{record.name} reported an error: {text}"] = None

    @property
    def faults(self) -> tuple[str, ...]:
        """What was reported, in order, each text once."""
        return tuple(self._faults)


COMPILER_REMARKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bwarning\b", re.IGNORECASE), "the code was compiled; another compiler warns of other things"),
    (re.compile(r"\bnote\b"), "belongs to a warning"),
    (re.compile(r"performance hint", re.IGNORECASE), "Cython's advice on speed"),
    (re.compile(r"^(In file included|\s+from |.*: In |.*: At global scope)"), "where a warning is"),
    (re.compile(r"^(\s|\d+ \||\||~|\^)"), "the line of code that a warning is about"),
    (
        re.compile(r"^(make|gmake)(\[\d+\])?: (Entering|Leaving|Nothing to be done|.* is up to date)"),
        "what make says of its progress; its errors begin with ***",
    ),
    (re.compile(r"^(\S*-)?ar: creating "), "an archive is new"),
    (re.compile(r"^(running|building|copying|creating) [^:]*$"), "what setuptools says of its progress"),
)
"""Lines on a compiler's standard error that are known to be harmless, and why."""


def compiler_said(logger: logging.Logger, compiler: str, text: str) -> str:
    """Log what a compiler wrote on its standard error: known remarks as warnings, all else as one error.

    Returns that error, ``""`` if there is none, for a caller outside of an :class:`ErrorWatch`.
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
    error = f"{compiler} wrote on its standard error: {' | '.join(unknown[:5])}"
    logger.error("%s", error)
    return error


def first_error(text: str) -> str:
    """The most telling line of a compiler's output: the first that names an error and a place, else the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    placed = (line for line in lines if re.search(r":\d+:\d+: ", line) and not re.search(r"warning|note", line))
    named = (line for line in lines if re.search(r"\berror\b", line, re.IGNORECASE))
    told = next(placed, None) or next(named, None) or (lines[-1] if lines else "it said nothing")
    return re.sub(r"\S*/(?=[^/\s]+:\d+:\d+: )", "", told)
