"""The sweepers. :data:`SWEEPERS` is the registry; one is imported when it is asked for."""

from importlib import import_module

from varesearch.config.launching import SweeperConfig
from varesearch.sweeps.space import Space
from varesearch.sweeps.sweepers.base import Compose, Evaluate, Objective, Sweeper

SWEEPERS = {
    "grid": "varesearch.sweeps.sweepers.grid:GridSweeper",
    "optuna": "varesearch.sweeps.optuna:OptunaSweeper",
}
"""Name in the configuration -> module:class; the class takes the settings (``config.sweeper``) and the space."""


def make_sweeper(settings: SweeperConfig, space: Space) -> Sweeper:
    """The sweeper of that name. Raises KeyError."""
    module, _, attribute = SWEEPERS[settings.name].partition(":")
    return getattr(import_module(module), attribute)(settings, space)


__all__ = ["SWEEPERS", "Compose", "Evaluate", "Objective", "Sweeper", "make_sweeper"]
