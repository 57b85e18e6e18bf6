"""A recorded run made again, and whether it came out the same."""

from varesearch.rerun.command import rerun
from varesearch.rerun.differences import Differences, compare_runs

__all__ = ["Differences", "compare_runs", "rerun"]
