"""Every combination of what varies."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.config.errors import ConfigurationError
from varesearch.config.launching import Sweeper
from varesearch.sweeps.jobs import Compose, Evaluate, Job, Plan

if TYPE_CHECKING:
    from varesearch.sweeps.space import Space


@dataclass
class Grid(Sweeper):
    """Every combination of what varies, in the order of the words; the last varies fastest."""

    def plan(self, space: "Space", config_dir: Path | None) -> Plan:
        """All points. Raises ConfigurationError for an interval, which does not list its values."""
        for dimension in space.dimensions:
            if dimension.bounds is not None:
                low, high = dimension.bounds
                raise ConfigurationError(
                    f"{dimension.key}=interval({low:g},{high:g}): a grid takes single values; write "
                    "range(LOW,HIGH,STEP) or choice(A,B), or let sweeper=optuna search the interval"
                )
        return Plan(list(space.points()), [], math.prod(len(dimension.values) for dimension in space.dimensions))

    def identity(self, space: "Space", jobs: Sequence[Job]) -> str:
        """The hash of the runs, in whatever order."""
        return hashlib.sha256(json.dumps(sorted(job.identity for job in jobs)).encode()).hexdigest()

    def search(
        self, space: "Space", jobs: Sequence[Job], compose: Compose, evaluate: Evaluate, folder: Path
    ) -> Mapping[str, str]:
        """Run all jobs; none of them is the best."""
        evaluate(jobs)
        return {}
