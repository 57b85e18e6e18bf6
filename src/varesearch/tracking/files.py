"""The files of a run, which are written to its folder while it runs."""

import contextlib
import csv
import json
import logging
import os
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from varesearch.config.addresses import redact
from varesearch.config.parts import Part, own_sources
from varesearch.metrics.values import Metric, Undefined
from varesearch.network.model import Network
from varesearch.network.stored import NETWORK_FILE, save_network
from varesearch.phases import PhaseTime
from varesearch.tracking.ending import RESERVE_FILE, Ending, FailedRunError, NotKeptError, RunEnd
from varesearch.tracking.provenance import Description
from varesearch.tracking.tags import ENDED, NETWORK_HASH, result_tags

if TYPE_CHECKING:
    from varesearch.metrics import Analysis
    from varesearch.recording import Recording
    from varesearch.result import Result

log = logging.getLogger(__name__)

LOG_FILE = "run.log"
RECORDING_FILE = "recording.npz"
CONFIG_FILE = "config.yaml"
PARTS_FOLDER = "parts"
"""Holds the source of every part of the run that is the user's own."""
TRACEBACK_FILE = "traceback.txt"
METRICS_FILE = "metrics.csv"
PHASES_FILE = "phases.csv"
RESERVE_BYTES = 1_000_000


class RunFiles:
    """The folder of a run that has begun, and what is collected for its end.

    The ``log_...`` methods write files to ``folder`` at once; metrics, parameters and tags are collected, and
    :meth:`close` writes them.
    """

    def __init__(self, description: Description, run_id: str, folder: Path) -> None:
        self.description, self.run_id, self.folder = description, run_id, folder
        self._metrics: dict[str, float] = {}
        self._params: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        self._not_kept: dict[str, str] = {}
        self._began_s, self._began_at = time.time(), time.monotonic()

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.description.name

    @property
    def metrics(self) -> dict[str, float]:
        """The metrics so far."""
        return dict(self._metrics)

    @property
    def tags(self) -> dict[str, str]:
        """The tags so far, those of its description included."""
        return {**self.description.tags, **self._tags}

    @contextlib.contextmanager
    def keeping(self, what: str) -> Iterator[None]:
        """Write a result of the run inside ``with``; if this fails (disk full), the other results are still written.

        :meth:`refuse_if_incomplete` then fails the run.
        """
        try:
            yield
        except OSError as error:
            log.exception("%s could not be written", what)
            self._not_kept[what] = error.strerror or str(error)

    @property
    def complete(self) -> bool:
        """Whether all results so far could be written."""
        return not self._not_kept

    def refuse_if_incomplete(self) -> None:
        """Raise NotKeptError if a result could not be written."""
        if self._not_kept:
            what, why = ", ".join(self._not_kept), next(iter(self._not_kept.values()))
            raise NotKeptError(f"not kept: {what} ({why}); all other results were kept")

    def now_ms(self) -> int:
        """Return the time in ms since 1970.

        It is counted from the start of the run, so that setting the clock does not change durations.
        """
        return int(1000 * (self._began_s + time.monotonic() - self._began_at))

    def describe(self, provenance: Mapping[str, Any], diff: bytes = b"") -> None:
        """Write the run's configuration and provenance; ``diff`` holds the uncommitted changes of the code."""
        self._reserve()
        self._write_yaml(CONFIG_FILE, _without_credentials(self.description.resolved))
        self._write_yaml("overrides.yaml", self._given())
        with self.keeping("provenance.json"):
            self._write_json("provenance.json", provenance)
        if diff:
            with self.keeping("uncommitted.diff"):
                (self.folder / "uncommitted.diff").write_bytes(diff)

    def _given(self) -> dict[str, Any]:
        given = self.description
        return {"command": given.made_by, "overrides": [*given.overrides], "choices": dict(given.choices)}

    def log_own_parts(self, parts: Iterable[type[Part]]) -> None:
        """Keep the sources of the parts that are the user's own, as they were executed."""
        with self.keeping(PARTS_FOLDER):
            for part in parts:
                for name, source in own_sources(part).items():
                    path = self.folder / PARTS_FOLDER / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(source)

    def log_network(self, network: Network, arrays: bool = False) -> None:
        """Keep the sizes and the content hash of the drawn network, as parameters, tag and ``network.json``.

        With ``arrays`` the network itself is kept as ``network.npz``, since the settings do not describe it.
        """
        if arrays:
            # Not inside `keeping`: without this file the run cannot be repeated, so that a full disk ends it here.
            save_network(network, self.folder / NETWORK_FILE)
        self._params |= {
            "network.cells": str(network.n_cells),
            "network.synapses": str(network.n_synapses),
            "network.hash": network.hash[:16],
        }
        self._tags[NETWORK_HASH] = network.hash
        with self.keeping("network.json"):
            self._write_json(
                "network.json",
                {
                    "hash": network.hash,
                    "seed": network.seed,
                    "dt_ms": network.dt_ms,
                    "steps": network.n_steps,
                    "cells": {population.name: population.size for population in network.populations},
                    "synapses": {projection.name: projection.size for projection in network.projections},
                    "input_spikes": {source.name: source.n_spikes for source in network.sources},
                },
            )

    def log_analysis(self, analysis: "Analysis") -> None:
        """Keep the metrics; ``metrics.csv`` also has their units and which are undefined."""
        self._metrics |= analysis.values()
        with self.keeping(METRICS_FILE):
            write_metrics(self.folder / METRICS_FILE, analysis.metrics, analysis.undefined)

    def log_metrics(self, metrics: Mapping[str, float], group: str = "backend") -> None:
        """Keep further numbers, such as those that only a back end knows, as metrics ``group.name``."""
        self._metrics |= {f"{group}.{name}": float(value) for name, value in metrics.items()}

    def log_phases(
        self,
        phases: Mapping[str, PhaseTime],
        realtime_factor: float | None,
        peak_memory_mb: float,
        inner_s: Mapping[str, float] | None = None,
    ) -> None:
        """Keep the times of the phases as metrics and as ``phases.csv``.

        Parameters
        ----------
        phases
            Phase -> time.
        realtime_factor
            Wall time of the simulation divided by the simulated time; None when nothing was simulated.
        peak_memory_mb
            The most memory that was used, in MB of 10^6 bytes.
        inner_s
            The simulator's own phases: name -> wall seconds.
        """
        for name, time_spent in phases.items():
            self._metrics[f"phase.{name}_s"] = time_spent.wall_s
            self._metrics[f"phase.{name}_cpu_s"] = time_spent.cpu_s
        for name, seconds in (inner_s or {}).items():
            self._metrics[f"phase.within.{name}_s"] = seconds
        if realtime_factor is not None:
            self._metrics["realtime_factor"] = realtime_factor
        self._metrics["peak_memory_mb"] = peak_memory_mb
        with self.keeping(PHASES_FILE):
            write_phases(self.folder / PHASES_FILE, phases, inner_s or {})

    def log_recording(self, recording: "Recording", neo: bool = False) -> None:
        """Write spikes and signals to ``recording.npz``; with ``neo``, to a neo file as well."""
        from varesearch.recording_io import NEO_SUFFIX, save_neo, save_npz

        with self.keeping(RECORDING_FILE):
            save_npz(recording, self.folder / RECORDING_FILE)
        if neo:
            neo_file = f"recording{NEO_SUFFIX}"
            with self.keeping(neo_file):
                save_neo(recording, self.folder / neo_file)

    def log_result(self, result: "Result") -> None:
        """Keep how the simulation ended and what made it, as tags, and the numbers of the back end, as metrics."""
        self._tags |= result_tags(result)
        self.log_metrics(result.metrics)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Keep further tags."""
        self._tags |= tags

    def close(self, how: Ending, error: BaseException | None) -> tuple[RunEnd, bool]:
        """Write the end of the run to its folder. Return it, and whether it could be written."""
        _attempt(lambda: (self.folder / RESERVE_FILE).unlink(missing_ok=True))
        if how.reason:
            self._tags[ENDED] = how.reason
        if error is not None and not isinstance(error, FailedRunError):
            text = "".join(traceback.format_exception(error))
            log.error("%s: %s\n%s", how.status, how.reason, text)
            if how.status == "FAILED":
                _attempt(lambda: (self.folder / TRACEBACK_FILE).write_text(text))
        end = RunEnd(self.run_id, how.status, self.now_ms(), self._metrics, self._params, self._tags)
        return end, _attempt(lambda: end.write(self.folder))

    def _reserve(self) -> None:
        # Reserve space for recording the end of the run, in case the disk fills up.
        with (self.folder / RESERVE_FILE).open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)

    def _write_json(self, name: str, content: Any) -> None:
        (self.folder / name).write_text(json.dumps(content, indent=2, default=str) + "\n")

    def _write_yaml(self, name: str, content: Any) -> None:
        (self.folder / name).write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def _without_credentials(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_credentials(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_credentials(inner) for inner in value]
    return redact(value) if isinstance(value, str) else value


def _attempt(action: Callable[[], Any]) -> bool:
    # The run is ending: a failure here must not keep the rest from being written.
    try:
        action()
    except OSError:
        log.exception("a file of the run could not be written")
        return False
    return True


def write_metrics(path: Path, metrics: Iterable[Metric], undefined: Iterable[Undefined]) -> None:
    """Write a CSV file with the columns population, metric, value, unit, undefined because, sampled.

    The last says from which cells and how often the signals were sampled that a metric was computed from; it is empty
    where these were all cells at every step, or spikes.
    """
    rows = [(it.population, it.name, repr(it.value), it.unit, "", it.sampled) for it in metrics]
    rows += [(missing.population, missing.metric, "", "", missing.reason, "") for missing in undefined]
    _write(path, ("population", "metric", "value", "unit", "undefined because", "sampled"), rows)


def write_phases(path: Path, phases: Mapping[str, PhaseTime], inner_s: Mapping[str, float]) -> None:
    """Write a CSV file with the columns phase, wall s, CPU s, share of wall.

    The simulator's own phases, which lie within these, follow.
    """
    whole = sum(time.wall_s for time in phases.values()) or 1.0
    rows = [
        (name, f"{time.wall_s:.4f}", f"{time.cpu_s:.4f}", f"{time.wall_s / whole:.3f}") for name, time in phases.items()
    ]
    rows += [(f"within: {name}", f"{seconds:.4f}", "", "") for name, seconds in inner_s.items()]
    _write(path, ("phase", "wall s", "CPU s", "share of wall"), rows)


def _write(path: Path, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as handle:
        table = csv.writer(handle)
        table.writerow(head)
        table.writerows(rows)
