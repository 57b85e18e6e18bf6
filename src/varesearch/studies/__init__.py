"""What the studies under ``experiments/`` share: one command that runs the sweeps, reads the tracker, writes the page.

A study is a folder: ``study.py`` (what is run, and the command), ``analyse.py`` (what is read back, drawn and claimed),
``conf/`` (its presets), ``page.md`` (the page, with places for numbers), and what the command writes: ``results.json``,
``figures/`` and ``README.md``.
"""

from varesearch.studies.command import Session, StoppedError, Study, main
from varesearch.studies.page import Claim
from varesearch.studies.records import chosen, finished_runs, provenance
from varesearch.studies.spread import Spread, spread

__all__ = [
    "Claim",
    "Session",
    "Spread",
    "StoppedError",
    "Study",
    "chosen",
    "finished_runs",
    "main",
    "provenance",
    "spread",
]
