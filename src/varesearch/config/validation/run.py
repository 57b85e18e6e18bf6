"""The run around the network: time, what is recorded, how it is read, where it is kept."""

import urllib.parse

from varesearch.config.addresses import credential_in
from varesearch.config.checks import (
    check_at_least,
    check_multiple,
    check_names,
    check_positive,
    refuse,
)
from varesearch.config.schema import Config
from varesearch.config.wording import did_you_mean

MOST_STEPS = 1_000_000_000
"""Steps are 32 bit wide."""

SHORTEST_STEP_MS = 1e-4
"""A spike's rise takes some 0.1 ms; below this the step is more likely a mistaken unit."""

STORES = ("sqlite", "http", "https", "postgresql", "mysql", "mssql")
"""Kinds of store that MLflow 3 opens (its ``file`` store, plain folders, was withdrawn)."""

_LONGEST_NAME = 250


def check_simulation(config: Config) -> None:
    """Raise ConfigurationError unless the run is a whole number of steps, not too many."""
    run = config.simulation
    check_positive("simulation.dt_ms", run.dt_ms, "ms")
    if run.dt_ms < SHORTEST_STEP_MS:
        refuse("simulation.dt_ms", run.dt_ms, f"must be at least {SHORTEST_STEP_MS:g} ms; is it meant in seconds?")
    check_positive("simulation.duration_ms", run.duration_ms, "ms")
    check_multiple("simulation.duration_ms", run.duration_ms, run.dt_ms)
    steps = run.duration_ms / run.dt_ms
    if steps > MOST_STEPS:
        refuse(
            "simulation.duration_ms",
            run.duration_ms,
            f"makes {steps:.3g} steps of {run.dt_ms:g} ms, more than {MOST_STEPS:.0e}; shorten it or lengthen dt_ms",
        )


def check_recording(config: Config) -> None:
    """Raise ConfigurationError for a signal that the cell does not have, or samples that cannot be taken."""
    recording, run, wiring = config.recording, config.simulation, config.connectivity
    if "spikes" in recording.signals:
        refuse("recording.signals", recording.signals, "names spikes, which are always recorded; leave them out")
    check_names("recording.signals", recording.signals, tuple(config.cell.variables))
    if recording.cells is not None:
        check_at_least("recording.cells", recording.cells, 1, "cell; for no samples write recording.signals=[]")
        most = max(wiring.sizes.values())
        if recording.cells > most:
            refuse("recording.cells", recording.cells, f"must be at most {most}, the larger population; null means all")
    if recording.interval_ms is not None:
        check_positive("recording.interval_ms", recording.interval_ms, "ms")
        check_multiple("recording.interval_ms", recording.interval_ms, run.dt_ms)
        if recording.interval_ms > run.duration_ms:
            refuse(
                "recording.interval_ms",
                recording.interval_ms,
                f"must be at most simulation.duration_ms={run.duration_ms:g}",
            )


def check_analysis(config: Config) -> None:
    """Raise ConfigurationError for a warm-up or bins that leave nothing to analyse, or break the grid."""
    analysis, run = config.analysis, config.simulation
    check_at_least("analysis.warmup_ms", analysis.warmup_ms, 0.0, "ms")
    if analysis.warmup_ms >= run.duration_ms:
        refuse(
            "analysis.warmup_ms",
            analysis.warmup_ms,
            f"must be less than simulation.duration_ms={run.duration_ms:g}; shorten it (0 keeps all) or run longer",
        )
    check_multiple("analysis.warmup_ms", analysis.warmup_ms, run.dt_ms)
    for name in ("rate_bin_ms", "correlation_bin_ms", "fano_window_ms"):
        value = getattr(analysis, name)
        check_positive(f"analysis.{name}", value, "ms")
        check_multiple(f"analysis.{name}", value, run.dt_ms)
        if value > run.duration_ms:
            refuse(f"analysis.{name}", value, f"must be at most simulation.duration_ms={run.duration_ms:g}")
    check_at_least("analysis.correlation_pairs", analysis.correlation_pairs, 1, "pair")
    check_at_least("analysis.min_isis", analysis.min_isis, 2, "intervals (one interval has no variation)")


_ELSEWHERE = (
    "remove it and use MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD or MLFLOW_TRACKING_TOKEN (for a server), "
    "PGPASSWORD or ~/.pgpass (for PostgreSQL), or put an MLflow server in front of the database"
)


def check_tracking(config: Config) -> None:
    """Raise ConfigurationError for a store that MLflow refuses, or names that it would."""
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
