"""The Python interface for notebooks and scripts: ``import varesearch as va``, then ``va.run(...)``.

It does what the commands do, with the same checks, the same tracked runs and the same one-line errors.
"""

from varesearch.interface.commands import compare, run, simulate, sweep
from varesearch.interface.results import Comparison, Figure, Run, Spikes, Sweep
from varesearch.interface.stored import Runs, load, runs

__all__ = [
    "Comparison",
    "Figure",
    "Run",
    "Runs",
    "Spikes",
    "Sweep",
    "compare",
    "load",
    "run",
    "runs",
    "simulate",
    "sweep",
]
