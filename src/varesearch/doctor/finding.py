"""The result of one check."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    SKIPPED = "skipped"
    """The check was not made, to save time."""
    ABSENT = "absent"
    """Something that is optional is not installed."""
    BROKEN = "BROKEN"


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes
    ----------
    subject
        The group of checks that it belongs to, one of :func:`varesearch.doctor.checks.subjects`.
    what
        What was checked.
    state
        How it ended.
    found
        What was found, in one line.
    mend
        What to do about it, in one line; "" if nothing is to be done.
    """

    subject: str
    what: str
    state: State
    found: str
    mend: str = ""
