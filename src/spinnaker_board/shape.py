"""The chips of a board and the links between them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import cached_property

from spinnaker_board.layout import LINKS, P2P_NONE, P2P_SELF

#: Steps of the six links, in order: east, north-east, north, west, south-west, south (datasheet, section 10).
LINK_STEPS = ((1, 0), (1, 1), (0, 1), (-1, 0), (-1, -1), (0, -1))

Chip = tuple[int, int]


@dataclass(frozen=True)
class Shape:
    """The chips of a board, by their coordinates.

    Attributes
    ----------
    version
        The version of the board: 3 or 5.
    width, height
        Columns and rows of the machine.
    torus
        Whether links join opposite edges.
    chips
        Coordinates (x, y).
    """

    version: int
    width: int
    height: int
    torus: bool
    chips: tuple[Chip, ...] = field(repr=False)

    @cached_property
    def index(self) -> dict[Chip, int]:
        """The index of each chip in ``chips``."""
        return {chip: place for place, chip in enumerate(self.chips)}

    def neighbour(self, chip: Chip, link: int) -> Chip | None:
        """The chip at the other end of a link, or None."""
        x, y = chip[0] + LINK_STEPS[link][0], chip[1] + LINK_STEPS[link][1]
        if self.torus:
            x, y = x % self.width, y % self.height
        return (x, y) if (x, y) in self.index else None

    def neighbours(self) -> list[tuple[int, ...]]:
        """For each chip, the indices of its six neighbours; -1 where there is none."""
        rows = []
        for chip in self.chips:
            others = (self.neighbour(chip, link) for link in range(LINKS))
            rows.append(tuple(-1 if other is None else self.index[other] for other in others))
        return rows

    def routes_from(self, source: Chip) -> dict[Chip, int]:
        """For each chip, the first link of a shortest path from ``source`` (``P2P_SELF`` for itself).

        Of several shortest paths, the one whose first link has the lowest number is taken.

        Examples
        --------
        >>> SPIN3.routes_from((0, 0))
        {(0, 0): 7, (1, 0): 0, (1, 1): 1, (0, 1): 2}
        """
        first = {source: P2P_SELF}
        queue = deque([source])
        while queue:
            chip = queue.popleft()
            for link in range(LINKS):
                other = self.neighbour(chip, link)
                if other is not None and other not in first:
                    first[other] = link if chip == source else first[chip]
                    queue.append(other)
        return first


def p2p_words(routes: dict[Chip, int], words: int) -> list[int]:
    """Pack routes as the router's point-to-point table: 3 bits for a chip, 8 chips in a word, y fastest."""
    table = [sum(P2P_NONE << 3 * n for n in range(8))] * words
    for (x, y), route in routes.items():
        word, entry = divmod((x << 8) + y, 8)
        table[word] = table[word] & ~(7 << 3 * entry) | route << 3 * entry
    return table


#: SpiNN-3: four chips whose links join them to a 2 x 2 torus.
SPIN3 = Shape(3, 2, 2, True, tuple((x, y) for x in range(2) for y in range(2)))
#: SpiNN-5: 48 chips in a hexagon; no links leave a single board.
SPIN5 = Shape(5, 8, 8, False, tuple((x, y) for x in range(8) for y in range(8) if y - x <= 3 and x - y <= 4))
SHAPES = {shape.version: shape for shape in (SPIN3, SPIN5)}
