"""The record of a run in MLflow: opened before the simulation, complete whatever happens to it.

Importing this package does not import MLflow; calling :func:`track` and reading a store does.
"""

from varesearch.tracking.description import Description, describe
from varesearch.tracking.endings import Ending, TrackingError, ending
from varesearch.tracking.log import LogCapture
from varesearch.tracking.provenance import peak_memory_mb
from varesearch.tracking.read import RunRecord, load_run, runs
from varesearch.tracking.root import project_root
from varesearch.tracking.run import track
from varesearch.tracking.session import StoreSession

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
