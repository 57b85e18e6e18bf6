"""The store, opened by one process: for one run, or for a sweep and all its children."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from varesearch.config.schema import Config, TrackingConfig
from varesearch.config.validation.sense import doubts
from varesearch.shell import code_span, command
from varesearch.tracking import naming
from varesearch.tracking.artifacts import local_folder
from varesearch.tracking.delivery import deliver
from varesearch.tracking.experiment import open_experiment
from varesearch.tracking.orphans import end_orphans
from varesearch.tracking.process import Process
from varesearch.tracking.provenance import Commit, read_commit
from varesearch.tracking.records import Unsent
from varesearch.tracking.root import checkout_root
from varesearch.tracking.store import Place, connect, first_line, one_line, place

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

CODE = ("src", "conf", "setup.py")
"""What of the checkout a result depends on: changes of anything else do not make a run's code another one."""
NOTE = "mlflow.note.content"
"""MLflow's own tag for the description of a run, in Markdown."""
WARNINGS = "varesearch.warnings"
"""The tag with the warnings about the configuration."""

PARENT = "mlflow.parentRunId"
"""MLflow's own tag for a nested run."""


class StoreSession:
    """Everything that is said to the store while a command runs. ``place`` and the rest exist once it is opened."""

    place: Place
    client: "MlflowClient"
    experiment_id: str
    commit: Commit | None

    def __init__(self, tracking: TrackingConfig, root: Path | None = None) -> None:
        self._tracking = tracking
        self._root = root

    def open(self) -> None:
        """Make the store where there is none, find the experiment, end orphans. Raises ConfigurationError."""
        self.place = place(self._tracking.uri, self._root)
        self.client = connect(self.place)
        with one_line(self.place):
            self.experiment_id = open_experiment(self.client, self.place, self._tracking.experiment)
            end_orphans(self.client, self.place)
            ours = checkout_root()
            self.commit = read_commit(self.place.root) if ours is None else read_commit(ours, CODE)

    def create_run(self, name: str, tags: Mapping[str, str]) -> tuple[str, Path]:
        """A new RUNNING run of this process: its id and its folder, which exists."""
        everything = {**self._origin(), **Process.current().tags(), **tags}
        run = self.client.create_run(self.experiment_id, tags=everything, run_name=name)
        return run.info.run_id, self.folder_of(run.info.run_id, run.info.artifact_uri)

    def folder_of(self, run_id: str, artifact_uri: str | None) -> Path:
        """The folder in which the files of a run grow, made if there is none."""
        folder = local_folder(artifact_uri or "", self.place) or self.place.staging / run_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def deliver(self, record: Unsent, folder: Path, kept: bool) -> str | None:
        """Tell the store the end of a run; the problem in one line if it did not take it.

        ``kept``: the record is in the folder, so that whoever comes next can try again.
        """
        try:
            deliver(self.client, self.place, record.run_id, folder, record)
        except Exception as failure:
            log.exception("the store did not take the end of run %s", record.run_id)
            return (
                f"run {record.run_id} could not be written to {self.place.shown} ({first_line(failure)}); its results "
                f"are in {folder}{' and the next run will try again' if kept else ''}"
            )
        return None

    def address(self, run_id: str, folder: Path) -> str:
        """Where a run is to be seen: its page on a server, its folder otherwise."""
        if self.place.uri.startswith("http"):
            return f"{self.place.shown.rstrip('/')}/#/experiments/{self.experiment_id}/runs/{run_id}"
        return str(folder)

    def how_to_open(self, run_id: str, folder: Path) -> str:
        """What to do to see a run: one line."""
        if self.place.uri.startswith("http"):
            return f"open {self.address(run_id, folder)}"
        options = [] if self._tracking.uri is None else ["--uri", self.place.shown]
        if not options and checkout_root() == self.place.root:
            return f"make ui ARGS=--run={run_id[:8]}"
        return command("ui", *options, f"--run={run_id[:8]}")

    def _origin(self) -> dict[str, str]:
        tags = {"mlflow.source.name": "varesearch", "mlflow.source.type": "LOCAL"}
        if self.commit is not None and self.commit.commit:
            tags["mlflow.source.git.commit"] = self.commit.commit
            tags["varesearch.dirty"] = str(self.commit.dirty).lower()
        return tags


def science_tags(
    config: Config, resolved: Mapping[str, Any], made_by: str, choices: Mapping[str, str]
) -> dict[str, str]:
    """The tags by which a run of a network is found; ``made_by`` is its command, without credentials."""
    doubted = [doubt.text for doubt in doubts(config)]
    return {
        NOTE: code_span(made_by),
        "varesearch.config_hash": naming.config_hash(resolved),
        "varesearch.config_hash_any_seed": naming.config_hash(resolved, without=["seed"]),
        "varesearch.backend": config.backend.name,
        **({WARNINGS: "; ".join(doubted)} if doubted else {}),
        **{f"varesearch.{group}": option for group, option in choices.items() if group == "experiment"},
    }
