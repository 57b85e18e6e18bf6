"""What the studies under ``experiments/`` share. ``varesearch studies NAME`` runs one and writes its page.

A study is a folder: ``study.py`` (what is run), ``analyse.py`` (what is read back, drawn and claimed),
``conf/`` (its presets), ``page.md`` (the page, with places for numbers), and what the command writes: ``results.json``,
``figures/`` and ``README.md``.
"""

from varesearch_tools.studies.command import StoppedError, Study, StudySession
from varesearch_tools.studies.page import Claim
from varesearch_tools.studies.records import chosen, finished_runs, provenance
from varesearch_tools.studies.spread import MeanAndSd, spread

__all__ = [
    "Claim",
    "MeanAndSd",
    "StoppedError",
    "Study",
    "StudySession",
    "chosen",
    "finished_runs",
    "provenance",
    "spread",
]
