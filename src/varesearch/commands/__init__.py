"""The commands of ``varesearch``, one module each.

``varesearch NAME`` is the click command ``command`` of the module ``varesearch.commands.NAME``. These modules import
nothing but click and what ``--help`` needs; what a command does is imported when it is called.
"""

import importlib

import click

NAMES = (
    "run",
    "sweep",
    "compare",
    "rerun",
    "report",
    "describe",
    "ui",
    "prune",
    "export",
    "board",
    "doctor",
    "bench",
    "studies",
)
"""The commands, in the order in which help lists them."""


def load(name: str) -> click.Command:
    """The command of a name in :data:`NAMES`."""
    return importlib.import_module(f"varesearch.commands.{name}").command
