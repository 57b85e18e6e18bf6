"""The store, opened by one process: for one run, or for a sweep and all its children."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.config.schema import TrackingConfig
from varesearch.shell import command
from varesearch.tracking.artifacts import local_folder
from varesearch.tracking.delivery import deliver
from varesearch.tracking.experiment import open_experiment
from varesearch.tracking.orphans import end_orphans
from varesearch.tracking.process import Process
from varesearch.tracking.provenance import Commit, read_commit
from varesearch.tracking.records import Unsent, log_batch
from varesearch.tracking.root import checkout_root
from varesearch.tracking.store import Place, connect, first_line, one_line, place
from varesearch.tracking.tags import COMMIT, DIRTY, ENDED, SOURCE_NAME, SOURCE_TYPE

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from varesearch.tracking.read import RunRecord

log = logging.getLogger(__name__)

CODE = ("src", "conf", "setup.py")
"""What of the checkout a result depends on: changes of anything else do not make a run's code another one."""


class StoreSession:
    """Everything that is said to the store while a command runs. ``place`` and the rest exist once it is opened."""

    place: Place
    client: "MlflowClient"
    experiment_id: str
    commit: Commit | None

    def __init__(self, tracking: TrackingConfig, root: Path | None = None) -> None:
        self._tracking = tracking
        self._root = root
        self._is_open = False

    def open(self) -> None:
        """Make the store where there is none, find the experiment, end orphans; once. Raises ConfigurationError."""
        if self._is_open:
            return
        self.place = place(self._tracking.uri, self._root)
        self.client = connect(self.place)
        with one_line(self.place):
            self.experiment_id = open_experiment(self.client, self.place, self._tracking.experiment)
            end_orphans(self.client, self.place)
            ours = checkout_root()
            self.commit = read_commit(self.place.root) if ours is None else read_commit(ours, CODE)
        self._is_open = True

    def create_run(self, name: str, tags: Mapping[str, str]) -> tuple[str, Path]:
        """A new RUNNING run of this process: its id and its folder, which exists."""
        everything = {**self._origin(), **Process.current().tags(), **tags}
        run = self.client.create_run(self.experiment_id, tags=everything, run_name=name)
        try:
            return run.info.run_id, self.folder_of(run.info.run_id, run.info.artifact_uri)
        except OSError:
            self.client.set_terminated(run.info.run_id, "FAILED")
            raise

    def take_over(self, run: "RunRecord", tags: Mapping[str, str]) -> Path:
        """Make an earlier run the RUNNING run of this process, with new tags; its folder."""
        # First whose it is, then that it runs: another command must not find it running without a process.
        log_batch(self.client, run.run_id, {}, {}, {**Process.current().tags(), **tags})
        if run.why_ended:
            self.client.delete_tag(run.run_id, ENDED)
        self.client.update_run(run.run_id, status="RUNNING")
        return self.folder_of(run.run_id, run.artifact_uri)

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
        tags = {SOURCE_NAME: "varesearch", SOURCE_TYPE: "LOCAL"}
        if self.commit is not None and self.commit.commit:
            tags[COMMIT] = self.commit.commit
            tags[DIRTY] = str(self.commit.dirty).lower()
        return tags
