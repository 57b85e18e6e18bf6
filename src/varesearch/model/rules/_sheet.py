"""What rules have in common that place the cells on a square sheet."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from varesearch.model.rules import (
    MOST_DELAY_STEPS,
    Pairs,
    ProjectionSettings,
    Rule,
    check_positive,
    quantity,
    ranges,
    refuse,
)


@dataclass
class Sheet(Rule):
    """Cells lie at random on a square sheet; with a velocity, the delay grows with the distance."""

    sheet_mm: float = quantity(1.0, "mm", "side of the sheet", plausible=ranges.LENGTH_MM)
    periodic: bool = quantity(True, "", "are opposite edges of the sheet joined")
    velocity_mm_per_ms: float | None = quantity(
        None,
        "mm/ms",
        "conduction velocity; null: no delay by distance",
        plausible=ranges.VELOCITY_MM_PER_MS,
    )

    def check(self, dt_ms: float) -> None:
        check_positive("connectivity.sheet_mm", self.sheet_mm, "mm")
        velocity = self.velocity_mm_per_ms
        if velocity is None:
            return
        check_positive("connectivity.velocity_mm_per_ms", velocity, "mm/ms")
        if self.longest_travel_ms > MOST_DELAY_STEPS * dt_ms:
            refuse(
                "connectivity.velocity_mm_per_ms",
                velocity,
                f"makes delays longer than {MOST_DELAY_STEPS} steps across the sheet; raise it",
            )

    def place(self, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
        return rng.uniform(0.0, self.sheet_mm, size=(size, 2))

    def travel_ms(self, projection: ProjectionSettings, pairs: Pairs) -> NDArray[np.float64] | float:
        if self.velocity_mm_per_ms is None:
            return 0.0
        pre_mm, post_mm = positions_of(projection)
        apart = distances_mm(pre_mm[pairs[0]], post_mm[pairs[1]], self.sheet_mm, self.periodic)
        return apart / self.velocity_mm_per_ms

    @property
    def longest_travel_ms(self) -> float:
        if self.velocity_mm_per_ms is None:
            return 0.0
        farthest_mm = self.sheet_mm * math.sqrt(2) / (2 if self.periodic else 1)
        return farthest_mm / self.velocity_mm_per_ms


def positions_of(projection: ProjectionSettings) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the positions of the sources and of the targets, while they are drawn."""
    assert projection.pre_mm is not None and projection.post_mm is not None
    return projection.pre_mm, projection.post_mm


def distances_mm(
    a: NDArray[np.float64], b: NDArray[np.float64], sheet_mm: float, periodic: bool
) -> NDArray[np.float64]:
    """Return the distance in mm between points of a square sheet, on a torus if ``periodic``.

    Examples
    --------
    >>> distances_mm(np.array([[0.1, 0.5]]), np.array([[0.9, 0.5]]), sheet_mm=1.0, periodic=True).round(6)
    array([0.2])
    """
    apart = apart_mm(a, b, sheet_mm, periodic)
    return np.hypot(apart[:, 0], apart[:, 1])


def apart_mm(a: NDArray[np.float64], b: NDArray[np.float64], sheet_mm: float, periodic: bool) -> NDArray[np.float64]:
    """Return |a - b| along each axis, the shorter way on a torus."""
    apart = np.abs(a - b)
    return np.minimum(apart, sheet_mm - apart) if periodic else apart
