"""What a description consists of, whatever it is written as: sections with sentences and tables, and references.

All texts share one small notation: code stands between back-ticks, and a line break is a new line.
"""

from dataclasses import dataclass

CITATION = "Nordlie, Gewaltig and Plesser 2009, PLoS Comput. Biol. 5:e1000456"
"""The publication that proposes these tables."""


@dataclass(frozen=True)
class Table:
    """A table; every row has as many cells as there are columns. Without a title it is the only one of its section."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        """Refuse rows of another length, which would shift numbers under the wrong heading."""
        wrong = [row for row in self.rows if len(row) != len(self.columns)]
        if wrong:
            raise ValueError(f"{self.title}: {wrong[0]} does not fit the columns {self.columns}")


@dataclass(frozen=True)
class Section:
    """A section: its letter in Nordlie et al. ("" for what they do not have), heading, sentences and tables."""

    letter: str
    heading: str
    sentences: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()

    @property
    def title(self) -> str:
        """Its heading, with the letter."""
        return f"{self.letter}: {self.heading}" if self.letter else self.heading


@dataclass(frozen=True)
class Description:
    """A network and its simulation in words and numbers.

    Attributes
    ----------
    title
        What is described.
    sections
        The tables of Nordlie et al., A to G, and the simulation.
    references
        The publications that the sections cite, in alphabetical order.
    """

    title: str
    sections: tuple[Section, ...]
    references: tuple[str, ...]
