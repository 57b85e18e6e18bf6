"""Whether a configuration can be run, checked as a whole before anything is built.

What a single setting may be is declared with it (``choices`` and ``allowed`` of
:func:`~varesearch.config.settings.quantity`); cells, rules and stimuli check themselves. Here stand the checks that
involve several groups, and those of the store's address. What only a certain simulator cannot do is checked by its back
end.
"""

import urllib.parse
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from varesearch.config.addresses import credential_in
from varesearch.config.checks import check_bounds, check_choice, check_multiple, check_names, check_number, refuse
from varesearch.config.errors import renamed
from varesearch.config.heterogeneity import check_cells
from varesearch.config.options import DISCRIMINATORS
from varesearch.config.plain import is_nested
from varesearch.config.ranges import INT32, Range
from varesearch.config.scaling import ScaleConfig
from varesearch.config.schema import Config
from varesearch.config.settings import unit_of
from varesearch.config.structure import ProjectionEntry, is_pair
from varesearch.config.wording import did_you_mean

MOST_STEPS = 1_000_000_000
"""Steps are counted in 32 bits."""

SHORTEST_STEP_MS = 1e-4
"""The rise of a spike takes some 0.1 ms; a step shorter than this is probably in the wrong unit."""

STORES = ("sqlite", "http", "https", "postgresql", "mysql", "mssql")
"""Kinds of store that MLflow 3 opens (its ``file`` store, plain folders, was withdrawn)."""

_LONGEST_NAME = 250


def validate(config: Config) -> None:
    """Check that a configuration can be run.

    Raises
    ------
    ConfigurationError
        One line for the first setting that cannot: its name and value, what is allowed, and how to mend it.

    Examples
    --------
    >>> from varesearch.config.compose import compose
    >>> validate(compose(["connectivity.p=2"]).config)
    Traceback (most recent call last):
        ...
    varesearch.config.errors.ConfigurationError: connectivity.p=2 must be a probability, from 0 to 1; for 2 % write 0.02
    """
    _check_fields(config, "")
    for group, key in DISCRIMINATORS.items():
        settings = getattr(config, group)
        chosen, given = getattr(type(settings)(), key), getattr(settings, key)
        if given != chosen:
            refuse(f"{group}.{key}", given, f"cannot be changed, it is {chosen}; choose another by {group}=OPTION")
    _check_simulation(config)
    _check_structure(config)
    _check_recording(config)
    _check_analysis(config)
    _check_tracking(config)
    check_sweep_settings(config)


def check_sweep_settings(config: Config) -> None:
    """Raise ConfigurationError, one line, for the first setting with which no run of a sweep could be started."""
    for group, settings in (("launcher", config.launcher), ("sweeper", config.sweeper)):
        _check_fields(settings, f"{group}.")
        settings.check_settings()


def _check_fields(settings: Any, prefix: str) -> None:
    """Check every field for itself: it is one of its choices, or lies in the range that can be computed with."""
    for field in fields(settings):
        name, value = f"{prefix}{field.name}", getattr(settings, field.name)
        if is_nested(value):
            _check_fields(value, f"{name}.")
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                if not isinstance(inner, ProjectionEntry):
                    if is_nested(inner):
                        _check_fields(inner, f"{name}.{key}.")
                    continue
                # Of a projection all but its rule and its synapse was checked when it was read.
                if inner.rule is not None:
                    _check_fields(inner.rule, f"{name}.{key}.")
                if inner.synapse is not None:
                    _check_fields(inner.synapse, f"{name}.{key}.synapse.")
        elif field.metadata.get("choices") and value is not None:
            check_choice(name, value, field.metadata["choices"])
        elif isinstance(value, float):
            check_number(name, value)
            check_bounds(name, value, field.metadata.get("allowed") or Range(), unit_of(settings, field.name))
        elif isinstance(value, int) and not isinstance(value, bool):
            check_bounds(name, value, field.metadata.get("allowed") or INT32, unit_of(settings, field.name))


def _check_structure(config: Config) -> None:
    """The populations, projections and stimuli, each by itself and together."""
    if is_pair(config.populations):
        config.connectivity.check_sizes()
    if config.scale.acts:  # what is wrong without scaling is named as it was written
        _check_structure(replace(config, scale=ScaleConfig()))
    structure, dt_ms = config.structure, config.simulation.dt_ms
    structure.check(config.surroundings, config.connectivity)
    for population in structure.populations.values():
        with renamed("cell", population.where):
            check_cells(population.cell, population.size, dt_ms, config.seed, config.owner(population.name))


def _check_simulation(config: Config) -> None:
    run = config.simulation
    if run.dt_ms < SHORTEST_STEP_MS:
        refuse("simulation.dt_ms", run.dt_ms, f"must be at least {SHORTEST_STEP_MS:g} ms; is it meant in seconds?")
    check_multiple("simulation.duration_ms", run.duration_ms, run.dt_ms)
    steps = run.duration_ms / run.dt_ms
    if steps > MOST_STEPS:
        refuse(
            "simulation.duration_ms",
            run.duration_ms,
            f"makes {steps:.3g} steps of {run.dt_ms:g} ms, more than {MOST_STEPS:.0e}; shorten it or lengthen dt_ms",
        )


def _check_recording(config: Config) -> None:
    """A signal that the cell does not have, and samples that cannot be taken."""
    recording = config.recording
    if "spikes" in recording.signals:
        refuse("recording.signals", recording.signals, "names spikes, which are always recorded; leave them out")
    structure = config.structure
    cells = {name: type(population.cell) for name, population in structure.populations.items()}
    if recording.populations is not None:
        check_names("recording.populations", recording.populations, tuple(cells))
        if not recording.populations:
            refuse("recording.populations", "[]", "names none; for no samples write recording.signals=[]")
    known = [signal for name, cell in cells.items() for signal in recording.sampleable(name, cell)]
    check_names("recording.signals", recording.signals, tuple(dict.fromkeys(known)))
    most = max(structure.sizes.values())
    if recording.cells is not None and recording.cells < 1:
        refuse("recording.cells", recording.cells, "must be at least 1; for no samples write recording.signals=[]")
    if recording.cells is not None and recording.cells > most:
        refuse("recording.cells", recording.cells, f"must be at most {most}, the larger population; null means all")
    if recording.interval_ms is not None:
        _check_within_run("recording.interval_ms", recording.interval_ms, config)


def _check_analysis(config: Config) -> None:
    """A warm-up or bins that leave nothing to analyse, or are off the grid of time steps."""
    analysis, run = config.analysis, config.simulation
    if analysis.warmup_ms >= run.duration_ms:
        refuse(
            "analysis.warmup_ms",
            analysis.warmup_ms,
            f"must be less than simulation.duration_ms={run.duration_ms:g}; shorten it (0 keeps all) or run longer",
        )
    check_multiple("analysis.warmup_ms", analysis.warmup_ms, run.dt_ms)
    for name in ("rate_bin_ms", "correlation_bin_ms", "fano_window_ms"):
        _check_within_run(f"analysis.{name}", getattr(analysis, name), config)


def _check_within_run(setting: str, time_ms: float, config: Config) -> None:
    run = config.simulation
    check_multiple(setting, time_ms, run.dt_ms)
    if time_ms > run.duration_ms:
        refuse(setting, time_ms, f"must be at most simulation.duration_ms={run.duration_ms:g}")


_ELSEWHERE = (
    "remove it and use MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD or MLFLOW_TRACKING_TOKEN (for a server), "
    "PGPASSWORD or ~/.pgpass (for PostgreSQL), or put an MLflow server in front of the database"
)


def _check_tracking(config: Config) -> None:
    """A store or a name that MLflow refuses."""
    tracking = config.tracking
    _check_name("tracking.experiment", tracking.experiment)
    if tracking.run_name is not None:
        _check_name("tracking.run_name", tracking.run_name)
    if tracking.uri is not None:
        _check_uri(tracking.uri)


def _check_name(setting: str, name: str) -> None:
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        refuse(setting, repr(name), f"must be a name of 1 to {_LONGEST_NAME} printable characters")


def _check_uri(uri: str) -> None:
    try:
        parts = urllib.parse.urlsplit(uri)
        port_fits = parts.port is None or parts.port > 0
        credential = credential_in(uri)
        (parts.hostname or "").encode("idna")
    except ValueError:
        refuse("tracking.uri", uri, "is not an address; write http://HOST:PORT or sqlite:////FOLDER/FILE.db")
    if credential:
        # The address itself is left out of the message: messages end up in logs.
        refuse("tracking.uri", "***", f"holds {credential}, which would be stored with the run; {_ELSEWHERE}")
    scheme = parts.scheme.partition("+")[0].lower()
    if scheme in ("", "file"):
        refuse("tracking.uri", uri, "is a folder, which MLflow no longer takes; write sqlite:////FOLDER/FILE.db")
    if scheme not in STORES:
        hint = did_you_mean(scheme, STORES)
        refuse("tracking.uri", uri, f"has an unknown scheme; it must be one of {', '.join(STORES)}{hint}")
    if scheme == "sqlite" and len(parts.path) < 2:
        refuse("tracking.uri", uri, "names no file; write sqlite:////FOLDER/FILE.db (four slashes: from the root)")
    if scheme in ("http", "https") and not (parts.hostname and port_fits):
        refuse("tracking.uri", uri, f"names no server; write {scheme}://HOST:PORT")
