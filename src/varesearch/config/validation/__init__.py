"""Whether a configuration can be run, judged as a whole before anything is built.

:func:`validate` raises ConfigurationError for the first setting that cannot: its name and value, what is allowed, how
to mend it. What only a certain simulator cannot do is asked of the back ends, not here.
"""

from dataclasses import fields
from typing import Any

from varesearch.config.checks import check_bounds, check_choice, check_number, refuse
from varesearch.config.options import DISCRIMINATORS
from varesearch.config.plain import is_nested
from varesearch.config.ranges import INT32, Range
from varesearch.config.schema import Config
from varesearch.config.settings import unit_of
from varesearch.config.validation.run import check_analysis, check_recording, check_simulation, check_tracking


def validate(config: Config) -> None:
    """Raise ConfigurationError, one line, for the first setting that cannot be run."""
    _check_fields(config, "")
    for group, key in DISCRIMINATORS.items():
        settings = getattr(config, group)
        chosen, given = getattr(type(settings)(), key), getattr(settings, key)
        if given != chosen:
            refuse(f"{group}.{key}", given, f"cannot be changed, it is {chosen}; choose another by {group}=OPTION")
    check_simulation(config)
    config.cell.check_settings(config.simulation.dt_ms)
    config.connectivity.check_settings(config.simulation.dt_ms)
    config.stimulus.check_settings(config.surroundings)
    check_recording(config)
    check_analysis(config)
    check_tracking(config)
    check_sweep_settings(config)


def check_sweep_settings(config: Config) -> None:
    """Raise ConfigurationError, one line, for the first setting with which no run of a sweep could be started."""
    for group, settings in (("launcher", config.launcher), ("sweeper", config.sweeper)):
        _check_fields(settings, f"{group}.")
        settings.check_settings()


def _check_fields(settings: Any, prefix: str) -> None:
    """Checks for every field: numbers can be computed with, integers fit, and a name is one of its choices."""
    for field in fields(settings):
        name, value = f"{prefix}{field.name}", getattr(settings, field.name)
        if is_nested(value):
            _check_fields(value, f"{name}.")
        elif field.metadata.get("choices"):
            check_choice(name, value, field.metadata["choices"])
        elif isinstance(value, float):
            check_number(name, value)
            check_bounds(name, value, field.metadata.get("hard") or Range(), unit_of(settings, field.name))
        elif isinstance(value, int) and not isinstance(value, bool):
            check_bounds(name, value, field.metadata.get("hard") or INT32, unit_of(settings, field.name))
