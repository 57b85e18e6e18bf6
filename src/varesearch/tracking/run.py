"""A tracked run: opened before anything is simulated, filled while it runs, and ended whatever happens."""

import atexit
import json
import logging
import os
import shutil
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import yaml

from varesearch.config.schema import Config
from varesearch.network.model import Network
from varesearch.phases import PhaseTime
from varesearch.tracking import naming, tables
from varesearch.tracking.artifacts import local_folder, upload
from varesearch.tracking.endings import Ending, TrackingError, ending
from varesearch.tracking.experiment import open_experiment
from varesearch.tracking.log import LogCapture
from varesearch.tracking.orphans import ENDED, end_orphans
from varesearch.tracking.process import Process
from varesearch.tracking.provenance import Commit, provenance, read_commit
from varesearch.tracking.records import Unsent, log_batch, send
from varesearch.tracking.root import checkout_root
from varesearch.tracking.signals import SignalGuard
from varesearch.tracking.store import connect, first_line, one_line, place, redact

if TYPE_CHECKING:
    from varesearch.metrics import Analysis
    from varesearch.recording import Recording

log = logging.getLogger(__name__)

LOG_FILE = "run.log"
RECORDING_FILE = "recording.npz"
CONFIG_FILE = "config.yaml"


def track(
    config: Config,
    resolved: Mapping[str, Any],
    overrides: Sequence[str] = (),
    choices: Mapping[str, str | None] | None = None,
    *,
    log_capture: LogCapture | None = None,
    root: Path | None = None,
    parent_run_id: str | None = None,
) -> "TrackedRun":
    """A run of ``config``, to be entered with ``with`` before anything is built.

    ``resolved`` is the configuration as plain dicts, ``overrides`` what the user gave, ``choices`` group -> option.
    ``log_capture``: the capture that is under way; its log moves into the folder of the run. Entering makes the store
    where there is none, ends orphans, and raises ConfigurationError if the store cannot be had.
    """
    return TrackedRun(config, resolved, overrides, choices or {}, log_capture, root, parent_run_id)


class TrackedRun:
    """See :func:`track`. ``run_id``, ``name`` and ``folder`` exist once it is entered.

    The files of the run grow in ``folder``: for a store of this machine that is the run's artifact folder itself; for
    a server a staging folder that is sent at the end. What the log methods take is written there at once and told to
    the store in one call at the end; when that cannot be done, it stays there and the next run sends it.

    Leaving it ends the run: FINISHED, FAILED with ``traceback.txt``, or KILLED after Ctrl-C, SIGTERM and SIGHUP, which
    leave the block as KeyboardInterrupt and Terminated. Signals that come while the end is being written wait for it.
    Raises TrackingError if the run itself went well but the store failed.
    """

    run_id: str
    name: str
    folder: Path

    def __init__(
        self,
        config: Config,
        resolved: Mapping[str, Any],
        overrides: Sequence[str],
        choices: Mapping[str, str | None],
        log_capture: LogCapture | None,
        root: Path | None,
        parent_run_id: str | None,
    ) -> None:
        self._config = config
        self._resolved = resolved
        self._overrides = [redact(override) for override in overrides]
        self._choices = {group: option for group, option in choices.items() if option}
        self._capture = log_capture
        self._root = root
        self._parent_run_id = parent_run_id
        self._guard = SignalGuard(TrackedRun.__exit__, TrackedRun._create)
        self._open_in: int | None = None
        self._metrics: dict[str, float] = {}
        self._params: dict[str, str] = {}
        self._tags: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._guard.install()
        try:
            self._place = place(self._config.tracking.uri, self._root)
            self._client = connect(self._place)
            with one_line(self._place):
                self._experiment_id = open_experiment(self._client, self._place, self._config.tracking.experiment)
                end_orphans(self._client, self._place)
                self._commit = read_commit(checkout_root() or self._place.root)
                self._create()
            self._guard.raise_pending()
            self._describe()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        # This function is protected: a signal waits for its end.
        how = ending(error)
        try:
            problem = self._end(how, error)
        finally:
            self._guard.restore()
        if problem is not None and error is None:
            raise TrackingError(problem)
        if how.status != "KILLED":
            self._guard.raise_pending()

    def log_network(self, network: Network) -> None:
        """Sizes and content hash of the drawn network, as parameters, tag and ``network.json``."""
        self._params |= {
            "network.cells": str(network.n_cells),
            "network.synapses": str(network.n_synapses),
            "network.hash": network.hash[:16],
        }
        self._tags["varesearch.network_hash"] = network.hash
        self._write_json(
            "network.json",
            {
                "hash": network.hash,
                "seed": network.seed,
                "dt_ms": network.dt_ms,
                "steps": network.n_steps,
                "cells": {population.name: population.size for population in network.populations},
                "synapses": {projection.name: projection.size for projection in network.projections},
                "input_spikes": {source.name: len(source.steps) for source in network.sources},
            },
        )

    def log_analysis(self, analysis: "Analysis") -> None:
        """The metrics, and with their units and what is undefined as ``metrics.csv``."""
        self._metrics |= analysis.values()
        tables.write_metrics(self.folder / "metrics.csv", analysis.metrics, analysis.undefined)

    def log_metrics(self, metrics: Mapping[str, float], group: str = "backend") -> None:
        """Further numbers, such as those that only a back end knows, under ``group.name``."""
        self._metrics |= {f"{group}.{name}": float(value) for name, value in metrics.items()}

    def log_phases(
        self,
        phases: Mapping[str, PhaseTime],
        realtime_factor: float | None,
        peak_memory_mb: float,
        inner_s: Mapping[str, float] | None = None,
    ) -> None:
        """Times as metrics and as ``phases.csv``.

        ``realtime_factor`` is wall over simulated time, None when nothing was simulated; ``inner_s`` the simulator's
        own phases (wall s).
        """
        for name, time_spent in phases.items():
            self._metrics[f"phase.{name}_s"] = time_spent.wall_s
            self._metrics[f"phase.{name}_cpu_s"] = time_spent.cpu_s
        for name, seconds in (inner_s or {}).items():
            self._metrics[f"phase.within.{name}_s"] = seconds
        if realtime_factor is not None:
            self._metrics["realtime_factor"] = realtime_factor
        self._metrics["peak_memory_mb"] = peak_memory_mb
        tables.write_phases(self.folder / "phases.csv", phases, inner_s or {})

    def log_figures(self, paths: Iterable[Path]) -> None:
        """Figures; those that were not written to ``folder`` are copied to ``figures`` there."""
        for path in paths:
            if not path.resolve().is_relative_to(self.folder.resolve()):
                target = self.folder / "figures"
                target.mkdir(exist_ok=True)
                shutil.copy2(path, target)

    def log_recording(self, recording: "Recording") -> None:
        """Spikes and signals as ``recording.npz``; with ``tracking.neo`` as a neo file too."""
        from varesearch.recording_io import NEO_SUFFIX, save_neo, save_npz

        save_npz(recording, self.folder / RECORDING_FILE)
        if self._config.tracking.neo:
            save_neo(recording, self.folder / f"recording{NEO_SUFFIX}")

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Tags, such as ``degraded`` and why."""
        self._tags |= tags

    @property
    def address(self) -> str:
        """Where the run is to be seen: its page on a server, its folder otherwise."""
        if self._place.uri.startswith("http"):
            return f"{self._place.shown.rstrip('/')}/#/experiments/{self._experiment_id}/runs/{self.run_id}"
        return str(self.folder)

    @property
    def how_to_open(self) -> str:
        """What to do to see the run: one line."""
        if self._place.uri.startswith("http"):
            return f"open {self.address}"
        options = "" if self._config.tracking.uri is None else f" --uri '{self._place.shown}'"
        if not options and checkout_root() == self._place.root:
            return f"make ui ARGS=--run={self.run_id[:8]}"
        return f"python -m varesearch.tracking.ui{options} --run={self.run_id[:8]}"

    def _create(self) -> None:
        # Protected: a signal waits, so that there is no run in the store whose id is not known here.
        name = naming.run_name(self._config, self._overrides, self._choices)
        run = self._client.create_run(self._experiment_id, tags=self._first_tags(), run_name=name)
        self._open_in = os.getpid()
        atexit.register(self._abandon)
        self.run_id, self.name = run.info.run_id, name
        self.folder = local_folder(run.info.artifact_uri or "", self._place) or self._place.staging / self.run_id
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._capture is not None:
            self._capture.move_to(self.folder / LOG_FILE)
        log.info("run %s: %s", self.run_id, name)

    def _first_tags(self) -> dict[str, str]:
        command = "python -m varesearch " + " ".join(self._overrides)
        tags = {
            "mlflow.source.name": "varesearch",
            "mlflow.source.type": "LOCAL",
            "mlflow.note.content": f"`{command.strip()}`",
            "varesearch.config_hash": naming.config_hash(self._resolved),
            "varesearch.config_hash_any_seed": naming.config_hash(self._resolved, without=["seed"]),
            "varesearch.backend": self._config.backend.name,
            **{f"varesearch.{group}": option for group, option in self._choices.items() if group == "experiment"},
            **Process.current().tags(),
        }
        if self._commit is not None and self._commit.commit:
            tags["mlflow.source.git.commit"] = self._commit.commit
            tags["varesearch.dirty"] = str(self._commit.dirty).lower()
        if self._parent_run_id:
            tags["mlflow.parentRunId"] = self._parent_run_id
        return tags

    def _describe(self) -> None:
        self._write_yaml(CONFIG_FILE, _without_credentials(self._resolved))
        self._write_yaml("overrides.yaml", {"overrides": [*self._overrides], "choices": dict(self._choices)})
        _write_provenance(self.folder, self._commit)
        with one_line(self._place):
            log_batch(self._client, self.run_id, {}, naming.flat_params(self._resolved), {})

    def _end(self, how: Ending, error: BaseException | None) -> str | None:
        """Write the end of the run; the problem in one line if the store did not take it."""
        # Not yet begun, already ended, or a forked child of the process whose run this is.
        if self._open_in != os.getpid():
            return None
        self._open_in = None
        atexit.unregister(self._abandon)
        if how.reason:
            self._tags[ENDED] = how.reason
        if error is not None:
            text = "".join(traceback.format_exception(error))
            log.error("%s: %s\n%s", how.status, how.reason, text)
            if how.status == "FAILED":
                _attempt(lambda: (self.folder / "traceback.txt").write_text(text))
        if self._capture is not None:
            self._capture.flush()
        record = Unsent(self.run_id, how.status, int(time.time() * 1000), self._metrics, self._params, self._tags)
        # First to the folder, then to the store: whoever finds the run after a failure here can complete it.
        kept = _attempt(lambda: record.write(self.folder))
        try:
            send(self._client, record)
            Unsent.remove(self.folder)
            if self.folder.is_relative_to(self._place.staging):
                upload(self._client, self.run_id, self.folder)
                shutil.rmtree(self.folder)
        except Exception as failure:
            log.exception("the store did not take the end of run %s", self.run_id)
            return (
                f"run {self.run_id} could not be written to {self._place.shown} ({first_line(failure)}); its results "
                f"are in {self.folder}{' and the next run will try again' if kept else ''}"
            )
        return None

    def _abandon(self) -> None:
        # The interpreter ends and nobody has left the block: a signal hit between entering it and being in it.
        self._end(Ending("KILLED", 1, "the process ended without ending the run"), None)

    def _write_json(self, name: str, content: Any) -> None:
        (self.folder / name).write_text(json.dumps(content, indent=2) + "\n")

    def _write_yaml(self, name: str, content: Any) -> None:
        (self.folder / name).write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def _write_provenance(folder: Path, commit: Commit | None) -> None:
    try:
        (folder / "provenance.json").write_text(json.dumps(provenance(commit), indent=2, default=str) + "\n")
        if commit is not None and commit.diff:
            (folder / "uncommitted.diff").write_bytes(commit.diff)
    except OSError:
        log.exception("the provenance could not be written")


def _without_credentials(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_credentials(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_credentials(inner) for inner in value]
    return redact(value) if isinstance(value, str) else value


def _attempt(action: Callable[[], Any]) -> bool:
    # On the way out: what fails here must not keep the rest from being written.
    try:
        action()
    except OSError:
        log.exception("a file of the run could not be written")
        return False
    return True
