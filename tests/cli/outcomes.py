"""What a command of the command line leaves behind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """What a command left: exit code, what it printed, and the files it made."""

    code: int
    out: str
    err: str
    files: list[Path]


Command = Callable[[Sequence[str]], Outcome]
