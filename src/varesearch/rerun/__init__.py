"""Run a recorded run again, and compare the results."""

from varesearch.rerun.command import rerun
from varesearch.rerun.differences import Differences, compare_runs

__all__ = ["Differences", "compare_runs", "rerun"]
