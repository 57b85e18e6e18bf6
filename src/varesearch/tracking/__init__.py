"""The record of a run in MLflow: opened before the simulation, complete whatever happens to it.

Importing this package does not import MLflow; entering :func:`track` and reading a store does.
"""

from varesearch.tracking.endings import Ending, TrackingError, ending
from varesearch.tracking.log import LogCapture
from varesearch.tracking.provenance import peak_memory_mb
from varesearch.tracking.reading import RunRecord, load_run, runs
from varesearch.tracking.root import project_root
from varesearch.tracking.run import TrackedRun, track

__all__ = [
    "Ending",
    "LogCapture",
    "RunRecord",
    "TrackedRun",
    "TrackingError",
    "ending",
    "load_run",
    "peak_memory_mb",
    "project_root",
    "runs",
    "track",
]
