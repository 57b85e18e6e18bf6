"""What a sweep ranges over: the words of the command, in Hydra's sweep grammar, as fixed words and dimensions."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True)
class Dimension:
    """One key (or group) and the values it takes, written as for a single run.

    ``values`` are in the order of the command; for an interval (``interval(0.01, 0.1)``) they are empty and ``bounds``
    are its ends. ``ordered`` says that the values came from ``range``. ``whole``: only whole numbers (an interval of
    two ints, which only a search can take). ``logarithmic``: an interval that is searched by ratios, as
    ``tag(log, interval(1, 100))`` says it.
    """

    key: str
    values: tuple[str, ...] = ()
    bounds: tuple[float, float] | None = None
    ordered: bool = False
    whole: bool = False
    logarithmic: bool = False


@dataclass(frozen=True)
class Space:
    """``words`` are those of the command, as given; ``fixed`` are those with one value, ``dimensions`` the others."""

    words: tuple[str, ...]
    fixed: tuple[str, ...]
    dimensions: tuple[Dimension, ...]

    def points(self) -> Iterator[tuple[str, ...]]:
        """The words of every combination: the last dimension varies fastest. For dimensions without bounds."""
        for values in product(*(dimension.values for dimension in self.dimensions)):
            yield self.point(dict(zip((d.key for d in self.dimensions), values, strict=True)))

    def point(self, values: dict[str, str]) -> tuple[str, ...]:
        """The words of one combination, key -> value as written."""
        return (*self.fixed, *(f"{key}={value}" for key, value in values.items()))
