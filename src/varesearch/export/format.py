"""The base class of formats, and the grades that they give.

A format is one module of :mod:`varesearch.export.formats`, or a file of the user's own, found by
:func:`varesearch.config.parts.parts`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import ClassVar

from varesearch.config.parts import Part
from varesearch.network.model import Network


class Grade(Enum):
    """How well a format holds a quantity."""

    FAITHFUL = "faithful"
    """Another program that reads the file finds the same."""
    APPROXIMATE = "approximate"
    """It is in the files, but not in a form that every program of the format understands."""
    REFUSED = "refused"
    """It cannot be said, so that nothing is written."""


@dataclass(frozen=True)
class Graded:
    """A quantity, its grade, and how it is written or why it cannot be."""

    quantity: str
    grade: Grade
    how: str


def grade_changes(network: Network) -> list[Graded]:
    """Return the grades of synapses that are not static, for a format whose synapses are."""
    return [
        Graded(
            f"synapses of {each.name}",
            Grade.APPROXIMATE,
            f"static, with the weights before the run; {each.synapse.name} is left out",
        )
        for each in network.projections
        if each.synapse is not None
    ]


class Format(Part, ABC):
    """A format of files for networks."""

    group: ClassVar[str] = "format"
    package: ClassVar[str] = "varesearch.export.formats"
    libraries: ClassVar[tuple[str, ...]] = ()
    """The packages that it needs, which the extra of its name installs."""

    @abstractmethod
    def grade(self, network: Network) -> Sequence[Graded]:
        """Return the grade of each quantity of a network."""

    @abstractmethod
    def write(self, network: Network, folder: Path) -> None:
        """Write a network of which nothing is refused into an empty folder."""

    @classmethod
    def definition_fault(cls) -> str:
        for name in sorted(getattr(cls, "__abstractmethods__", ())):
            return f"has no {name}(): define it"
        return ""


def grades_table(graded: Sequence[Graded]) -> str:
    """Return the grades as a table in Markdown."""
    rows = [("quantity", "grade", "how"), *((each.quantity, each.grade.value, each.how) for each in graded)]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = [f"| {row[0]:{widths[0]}} | {row[1]:{widths[1]}} | {row[2]} |" for row in rows]
    return "\n".join([lines[0], "|---|---|---|", *lines[1:]])
