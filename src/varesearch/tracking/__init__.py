"""The record of a run in MLflow, which is opened before the simulation and complete whatever happens to the run.

Importing this package does not import MLflow; calling :func:`track` and reading a store does.
"""

from varesearch.tracking.ending import Ending, TrackingError, ending
from varesearch.tracking.location import project_root
from varesearch.tracking.log import LogCapture
from varesearch.tracking.provenance import Description, describe, peak_memory_mb
from varesearch.tracking.read import load_run, runs
from varesearch.tracking.record import RunRecord
from varesearch.tracking.run import StoreSession, track

__all__ = [
    "Description",
    "Ending",
    "LogCapture",
    "RunRecord",
    "StoreSession",
    "TrackingError",
    "describe",
    "ending",
    "load_run",
    "peak_memory_mb",
    "project_root",
    "runs",
    "track",
]
