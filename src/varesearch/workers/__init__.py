"""Work in processes of its own: each task in a fork of a server that has paid the imports once.

A library of its own: it knows nothing of runs and sweeps. See :class:`ForkServer`.
"""

from varesearch.workers.client import ForkServer
from varesearch.workers.ends import Limits, WorkerEnd, WorkerError

__all__ = ["ForkServer", "Limits", "WorkerEnd", "WorkerError"]
