"""The sides of a comparison: recorded runs, or settings that are run over several seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from varesearch.config.addresses import redact
from varesearch.config.errors import ConfigurationError
from varesearch.config.launching import OF_SWEEPS
from varesearch.config.restore import restore
from varesearch.config.schema import Config
from varesearch.report.origin import given_of
from varesearch.shell import command, quoted
from varesearch.sweeps.command import Sweep, prepare
from varesearch.sweeps.earlier_runs import EarlierRuns
from varesearch.sweeps.jobs import FINISHED, SEED
from varesearch.sweeps.plan import Planner
from varesearch.sweeps.table import read_table
from varesearch.tracking.read import load_run
from varesearch.tracking.record import RunRecord
from varesearch.tracking.run import StoreSession

SEEDS = 5
"""The default number of seeds."""
MOST_SEEDS = 100
_LONGEST_LABEL = 60


@dataclass(frozen=True)
class Side:
    """One model: its runs, one for each seed, and its label.

    ``missing`` is the number of runs without results; ``uri`` is the store of the runs, None for the project's.
    ``config_dir`` is the folder of the user's own parts, which the runs may have.
    """

    label: str
    records: tuple[RunRecord, ...]
    missing: int = 0
    uri: str | None = None
    config_dir: Path | None = None

    @property
    def first(self) -> RunRecord:
        """The run that stands for the model in a figure of single spikes."""
        return self.records[0]

    @property
    def resolved(self) -> dict[str, Any]:
        """The configuration of the model, with the seed of its first run."""
        return self.first.config()

    @property
    def config(self) -> Config:
        """The same as typed settings. Raises ConfigurationError if this version cannot read it."""
        return restore(self.resolved, config_dir=self.config_dir)

    @property
    def seeds(self) -> list[int]:
        """The seed of each run."""
        return [int(record.config()[SEED]) for record in self.records]

    @property
    def ids(self) -> str:
        """The ids of its runs, separated by blanks."""
        return " ".join(record.run_id for record in self.records)


def recorded(name: str, uri: str | None, config_dir: Path | None = None) -> Side:
    """The side made of a recorded run, or of a sweep over the seed.

    Raises ConfigurationError for a run that does not exist or has no results, and for a sweep over several models.
    """
    record = load_run(name, uri)
    if not record.is_sweep:
        check_finished(record)
        return Side(record.name, (record,), uri=uri, config_dir=config_dir)
    assert record.folder is not None
    table = read_table(record.folder)
    others = [key for key in table.varied if key != SEED]
    what = f"sweep {record.run_id[:8]} ({record.name})"
    if others:
        raise ConfigurationError(
            f"{what} varies {', '.join(others)}: a side of a comparison is one model, in which only the seed varies; "
            "choose two of its runs, or give the settings of the two sides"
        )
    rows = zip(table.values("run_id"), table.values("status"), strict=True)
    finished = [run_id for run_id, status in rows if status == FINISHED]
    if not finished:
        raise ConfigurationError(f"{what} has no finished run; choose another sweep")
    records = tuple(load_run(it, uri) for it in finished)
    return Side(record.name, records, len(table.frame) - len(finished), uri, config_dir)


def check_finished(run: RunRecord) -> None:
    """Raise ConfigurationError for a run without results to compare."""
    if run.status != FINISHED:
        raise ConfigurationError(f"run {run.run_id[:8]} ({run.name}) is {run.status}; choose a finished one")
    if run.is_comparison:
        raise ConfigurationError(f"run {run.run_id[:8]} is a comparison itself; choose the runs that it compared")
    if run.is_mapping:
        raise ConfigurationError(f"run {run.run_id[:8]} ({run.name}) is only a mapping: it has no spikes to compare")


def planned(words: Sequence[str], seeds: int | None, config_dir: Path | None) -> Sweep:
    """The sweep over seeds that makes the runs of a side; ``words`` are its settings, as for a run.

    ``seeds`` is the number of seeds, counting up from that of the configuration; with None, the seeds that ``words``
    name, or else :data:`SEEDS` seeds. Raises ConfigurationError for what cannot be run, and if more than the seed
    varies.
    """
    plan = Planner(words, config_dir)
    others = [dimension.key for dimension in plan.space.dimensions if dimension.key != SEED]
    if others:
        raise ConfigurationError(
            f"{', '.join(others)}: only the seed may vary within a side of a comparison; give a single value"
        )
    if plan.space.dimensions:
        if seeds is not None:
            raise ConfigurationError(f"--seeds {seeds}: the settings already name the seeds; leave out one of the two")
        return prepare(words, config_dir)
    first = plan.settings.seed
    listed = ",".join(str(first + k) for k in range(seeds or SEEDS))
    kept = [word for word in words if word.lstrip("+~").partition("=")[0] != SEED]
    return prepare([*kept, f"{SEED}={listed}"], config_dir)


def finished(sweep: Sweep, words: Sequence[str]) -> Side:
    """The side made of a sweep that has run; ``words`` are the settings that the user gave for it."""
    tracking = sweep.planner.settings.tracking
    session = StoreSession(tracking)
    session.open()
    earlier = EarlierRuns(session, sweep.jobs)
    outcomes = [earlier.outcome(job) for job in sweep.jobs]
    ids = [outcome.run_id for outcome in outcomes if outcome is not None and outcome.run_id]
    if not ids:
        raise ConfigurationError(f"{label_of(words)}: none of its runs is in the store any more; run them again")
    records = tuple(load_run(run_id, tracking.uri) for run_id in ids)
    for record in records:
        check_finished(record)
    return Side(label_of(words), records, len(sweep.jobs) - len(ids), tracking.uri, sweep.config_dir)


def label_of(words: Sequence[str]) -> str:
    """The label of a side: the settings in which it differs from the default model."""
    shown = quoted(word for word in words if word.partition("=")[0].split(".")[0] not in (*OF_SWEEPS, SEED, "tracking"))
    label = shown or "the default settings"
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"


def command_over_seeds(a: Side, b: Side) -> str:
    """The command that runs two recorded models over several seeds and compares them; "" if there is none."""
    own = []
    for record in (a.first, b.first):
        given = given_of(record)
        if "--config-dir" in given.command or record.given_network:
            return ""
        own.append([word for word in given.overrides if word.partition("=")[0].split(".")[0] != "tracking"])
    shared = [word for word in own[0] if word in own[1]]
    sides = [[word for word in words if word not in shared] for words in own]
    if a.uri is not None:
        shared.append(f"tracking.uri={redact(a.uri)}")
    both = ["--", *shared] if shared else []
    return command("compare", *sides[0], "--", *sides[1], *both, "--seeds", str(SEEDS))
