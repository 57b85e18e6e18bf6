"""Every combination of what varies."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from varesearch.config.errors import ConfigurationError
from varesearch.config.launching import SweeperConfig
from varesearch.sweeps.jobs import Job
from varesearch.sweeps.space import Space
from varesearch.sweeps.sweepers.base import Compose, Evaluate


class GridSweeper:
    """The product of all values, in the order of the words; the last dimension varies fastest."""

    def __init__(self, settings: SweeperConfig, space: Space) -> None:
        self._space = space

    def check(self, config_dir: Path | None) -> None:
        """Raise ConfigurationError for an interval, which has no end of values."""
        for dimension in self._space.dimensions:
            if dimension.bounds is not None:
                low, high = dimension.bounds
                raise ConfigurationError(
                    f"{dimension.key}=interval({low:g},{high:g}): a grid takes single values; write "
                    "range(LOW,HIGH,STEP) or choice(A,B), or let sweeper=optuna search the interval"
                )

    def plan(self) -> list[tuple[str, ...]]:
        """All points."""
        return list(self._space.points())

    def corners(self) -> list[tuple[str, ...]]:
        """None: all points are known."""
        return []

    def size(self) -> int:
        """As many as there are points."""
        return math.prod(len(dimension.values) for dimension in self._space.dimensions)

    def objective(self) -> None:
        """None: nothing is searched for."""

    def identity(self, jobs: Sequence[Job]) -> str:
        """The runs that it makes, in whatever order."""
        return hashlib.sha256(json.dumps(sorted(job.identity for job in jobs)).encode()).hexdigest()

    def search(self, jobs: Sequence[Job], compose: Compose, evaluate: Evaluate, folder: Path) -> Mapping[str, str]:
        """Run all of them; there is no best one."""
        evaluate(jobs)
        return {}
