"""The probability of a connection is an expression of the distance of the cells on a sheet."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.config.expressions import Expression
from varesearch.model.rules import (
    ProjectionSettings,
    Rows,
    pair_ratio,
    per_projection,
    quantity,
    refuse,
    rows_of,
)
from varesearch.model.rules._sheet import Sheet, positions_of

_PAIRS_AT_ONCE = 1_000_000
_GRID = 800
"""Points along each axis at which the expression is checked and averaged."""


@dataclass
class PairwiseBernoulli(Sheet):
    """Each pair of cells is connected with a probability given by an expression of their distance, independently.

    The expression may use d, the distance in mm, and dx and dy, the position of the target relative to the source in mm
    (with periodic edges, by the shorter way). It must stay between 0 and 1 over the whole sheet. Every pair is
    evaluated, as in NEST's rule of this name (Senk et al. 2022, PLoS Comput. Biol. 18:e1010086); the rule
    ``distance_dependent`` is faster for its two kernels.
    """

    p: str = per_projection(
        quantity("0.3*exp(-d/0.1)", "", "connection probability: an expression of d, dx and dy in mm")
    )

    def check_projection(self, projection: ProjectionSettings) -> None:
        expression = Expression(projection["p"], projection.key("p"))
        expression.check_names(("d", "dx", "dy"))
        for values in (self._over_sheet(projection)[0], expression.value(_names(np.zeros(1), np.zeros(1)))):
            self._check_range(projection, values)

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        p, weight = self._over_sheet(projection)
        itself = projection.pre_size if projection.pre == projection.post else 0
        apart = (projection.pre_size * projection.post_size - itself) * float(weight @ p @ weight)
        if not itself or projection.no_self:
            return apart
        at_zero = Expression(projection["p"], projection.key("p")).value(_names(np.zeros(1), np.zeros(1)))
        return apart + itself * float(at_zero[0])

    def rescaled(self, projection: ProjectionSettings, full: ProjectionSettings, in_degree: float) -> dict[str, Any]:
        return {"p": f"{in_degree * pair_ratio(full, projection)!r}*({full['p']})"}

    def connect(self, projection: ProjectionSettings, rng: np.random.Generator) -> Rows:
        pre_mm, post_mm = positions_of(projection)
        expression = Expression(projection["p"], projection.key("p"))
        n_post, rows = len(post_mm), max(1, _PAIRS_AT_ONCE // len(post_mm))

        def parts() -> Iterator[NDArray[np.int64]]:
            for first in range(0, len(pre_mm), rows):
                apart = post_mm[None, :, :] - pre_mm[first : first + rows, None, :]
                if self.periodic:
                    apart -= self.sheet_mm * np.rint(apart / self.sheet_mm)
                p = expression.value(_names(apart[..., 0], apart[..., 1]))
                self._check_range(projection, p)
                yield np.flatnonzero(rng.random(p.shape) < p) + first * n_post

        return rows_of(parts(), len(pre_mm), n_post, projection.no_self, self.expected_synapses(projection))

    def _over_sheet(self, projection: ProjectionSettings) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the probability over a grid of displacements, and the weight of the points of each axis.

        On a torus the displacement of two random points along an axis is uniform below half the side; else its density
        falls linearly to the side.
        """
        reach = self.sheet_mm / 2.0 if self.periodic else self.sheet_mm
        x = ((np.arange(_GRID) + 0.5) / _GRID * 2.0 - 1.0) * reach
        weight = np.full(_GRID, 1.0) if self.periodic else 1.0 - np.abs(x) / reach
        expression = Expression(projection["p"], projection.key("p"))
        dx, dy = np.meshgrid(x, x, indexing="ij")
        return expression.value(_names(dx, dy)), weight / weight.sum()

    def _check_range(self, projection: ProjectionSettings, p: NDArray[np.float64]) -> None:
        least, most = float(p.min(initial=0.0)), float(p.max(initial=0.0))
        if least < 0.0 or most > 1.0:
            wrong = least if least < 0.0 else most
            refuse(
                projection.key("p"),
                projection["p"],
                f"is {wrong:g} somewhere on the sheet; it must stay from 0 to 1: limit it with clip(..., 0, 1)",
            )


def _names(dx: NDArray[np.float64], dy: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    return {"d": np.hypot(dx, dy), "dx": dx, "dy": dy}
