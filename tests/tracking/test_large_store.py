"""Reading does not grow with the store: what is asked of SQLite for one run is the same among 50 runs and 2,000.

Nothing is timed. Every statement and every row that passes the ``sqlite3`` module is counted, whoever sends it.
"""

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import dbapi2
from typing import Any, cast

import pytest
from forked import run_once
from large_store import COPY, copy_id, fill
from support import rows

from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import TrackingConfig
from varesearch.identity import IDENTITY
from varesearch.report.sources import comparisons, last_output
from varesearch.sweeps.earlier_runs import EarlierRuns, parent_of
from varesearch.sweeps.jobs import Job
from varesearch.tracking import load_run, runs
from varesearch.tracking.files import RECORDING_FILE
from varesearch.tracking.location import locate_store
from varesearch.tracking.read import Reader
from varesearch.tracking.run import StoreSession
from varesearch.tracking.store import client

FEW, MANY = 50, 2000


@dataclass
class Traffic:
    """What SQLite was asked and gave. ``work`` is in hundreds of its virtual machine's instructions."""

    statements: int = 0
    rows: int = 0
    work: int = 0

    def watch(self, connection: sqlite3.Connection) -> None:
        """Count what passes this connection from now on."""

        def row(_: sqlite3.Cursor, values: tuple[Any, ...]) -> tuple[Any, ...]:
            self.rows += 1
            return values

        def progress() -> int:
            self.work += 1
            return 0

        def statement(_: str) -> None:
            self.statements += 1

        connection.row_factory = row
        connection.set_progress_handler(progress, 100)
        connection.set_trace_callback(statement)


@pytest.fixture(scope="module")
def traffic() -> Iterator[Traffic]:
    """Counts for all connections that are opened in this file."""
    counted, connect = Traffic(), sqlite3.connect

    def watched(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **named)
        counted.watch(connection)
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", watched)
        patch.setattr(dbapi2, "connect", watched)
        yield counted


@pytest.fixture(scope="module")
def growing(tmp_path_factory: pytest.TempPathFactory, traffic: Traffic) -> Iterator[Path]:
    """A store of a few runs, which the first test makes one of many."""
    root = tmp_path_factory.mktemp("large")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VARESEARCH_ROOT", str(root))
        _begin(root)
        yield root


def _begin(root: Path) -> None:
    run_once(root)
    newest = run_once(root)
    client(locate_store(None, root).uri).set_tag(newest.run_id, IDENTITY, "0" * 64)
    fill(root, FEW)


def _jobs(numbers: range) -> list[Job]:
    return [Job(n, (), cast(Any, None), {}, copy_id(n) * 2) for n in numbers]


def _open(root: Path) -> StoreSession:
    session = StoreSession(TrackingConfig(), root)
    session.open()
    return session


READERS: dict[str, Callable[[Path], Any]] = {
    "an id": lambda root: load_run(copy_id(7), root=root),
    "the start of an id": lambda root: load_run(copy_id(7)[:12], root=root),
    "a name": lambda root: load_run(COPY.format(n=7), root=root),
    "the newest run": lambda root: runs(root=root, most=1),
    "opening the store": _open,
    "three jobs of a sweep": lambda root: EarlierRuns(_open(root), _jobs(range(7, 10))),
    "twelve jobs of a sweep": lambda root: EarlierRuns(_open(root), _jobs(range(1, 13))),
    "the parent of a sweep": lambda root: parent_of(_open(root), "5" * 64),
    "the verdicts on two runs": lambda root: comparisons(locate_store(None, root), [copy_id(18), copy_id(19)]),
    "the verdicts on twenty runs": lambda root: comparisons(
        locate_store(None, root), [copy_id(n) for n in range(1, 21)]
    ),
    "the last output of ten runs": lambda root: last_output(
        locate_store(None, root), [copy_id(n) for n in range(1, 11)]
    ),
}


def test_what_is_asked_of_the_store_does_not_grow_with_it(growing: Path, traffic: Traffic) -> None:
    _does_not_grow(growing, traffic, MANY)


@pytest.mark.slow
def test_nor_does_it_among_thirty_thousand_runs(tmp_path: Path, traffic: Traffic) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VARESEARCH_ROOT", str(tmp_path))
        _begin(tmp_path)
        _does_not_grow(tmp_path, traffic, 30_000)


def _does_not_grow(root: Path, traffic: Traffic, many: int) -> None:
    """Make a store of few runs one of many; what is asked of it is the same before and after."""

    def measured(read: Callable[[Path], Any]) -> Traffic:
        read(root)
        traffic.statements = traffic.rows = traffic.work = 0
        read(root)
        assert traffic.statements and traffic.work
        return Traffic(traffic.statements, traffic.rows, traffic.work)

    before = {what: measured(read) for what, read in READERS.items()}
    assert rows(root, "SELECT count(*) FROM runs") == [(FEW + 2,)]
    fill(root, many - FEW, FEW + 1)
    assert rows(root, "SELECT count(*) FROM runs") == [(many + 2,)]
    after = {what: measured(read) for what, read in READERS.items()}
    asked = {what: (count.statements, count.rows) for what, count in after.items()}
    assert asked == {what: (count.statements, count.rows) for what, count in before.items()}
    # MLflow has no index on times, states and the values of tags: SQLite itself passes over each run, in a few of its
    # instructions (30 for the newest run, 7 for a tag, none for an id, when this was written; a millisecond is 10^5).
    per_run = {what: 100 * (count.work - before[what].work) / (many - FEW) for what, count in after.items()}
    assert {what: cost for what, cost in per_run.items() if cost > 60} == {}


def test_what_is_found_in_a_large_store_is_right(growing: Path) -> None:
    root = growing
    for wanted in (copy_id(7), copy_id(7)[:12], COPY.format(n=7)):
        record = load_run(wanted, root=root)
        assert (record.run_id, record.name, record.params["connectivity.n"]) == (copy_id(7), COPY.format(n=7), "10")
        assert (record.metrics["exc.rate_hz"], record.status, record.experiment) == (7.25, "FINISHED", "varesearch")
    in_order = [row[0] for row in rows(root, "SELECT run_uuid FROM runs ORDER BY start_time DESC")]
    assert [run.run_id for run in runs("varesearch", root=root, most=450)] == in_order[:450]  # three pages
    assert [run.run_id for run in runs(root=root, most=3)] == in_order[:3]
    failed = [
        row[0] for row in rows(root, "SELECT run_uuid FROM runs WHERE status = 'FAILED' ORDER BY start_time DESC")
    ]
    assert len(failed) >= 1
    assert [run.run_id for run in runs(root=root, condition="attributes.status = 'FAILED'")] == failed
    verdicts = comparisons(locate_store(None, root), [copy_id(19), copy_id(38)])
    assert [(verdict.run_id, verdict.compared) for verdict in verdicts] == [
        (copy_id(20), (copy_id(18), copy_id(19))),
        (copy_id(40), (copy_id(38), copy_id(39))),
    ]
    reader = Reader(client(locate_store(None, root).uri), locate_store(None, root))
    many = {run.run_id for run in reader.with_tag(IDENTITY, [copy_id(n) * 2 for n in range(40)])}
    assert many == {copy_id(n) for n in range(1, 40)}
    assert many == {run.run_id for n in range(40) for run in reader.with_tag(IDENTITY, [copy_id(n) * 2])}
    assert {run.run_id for run in reader.with_ids(in_order[::8])} == set(in_order[::8])


def test_several_runs_that_begin_alike_are_named(growing: Path) -> None:
    root = growing
    ids = sorted(row[0] for row in rows(root, "SELECT run_uuid FROM runs"))
    first, second = next(pair for pair in itertools.pairwise(ids) if pair[0][:4] == pair[1][:4])
    with pytest.raises(
        ConfigurationError, match=f"run {first[:4]}: several ids begin like this .*give more characters"
    ):
        load_run(first[:4], root=root)
    assert load_run(second[:20], root=root).run_id == second


def test_a_sweep_takes_over_what_is_there(growing: Path) -> None:
    root = growing
    artifacts = root / "mlruns" / "artifacts" / "varesearch"
    for n in (3, 4):
        (artifacts / copy_id(n) / "artifacts").mkdir(parents=True)
        (artifacts / copy_id(n) / "artifacts" / RECORDING_FILE).touch()
    # The newer of two runs of one identity stands for it; one without a recording, or that has failed, for nothing.
    with closing(sqlite3.connect(root / "mlruns" / "mlflow.db")) as connection, connection:
        of_an_older = (copy_id(3) * 2, copy_id(4), IDENTITY)
        connection.execute("UPDATE tags SET value = ? WHERE run_uuid = ? AND key = ?", of_an_older)
    jobs = _jobs(range(1, 12))
    for earlier in (EarlierRuns(_open(root), jobs), EarlierRuns(_open(root))):
        outcomes = {job.index: earlier.outcome(job) for job in jobs}
        assert {n: outcome.run_id for n, outcome in outcomes.items() if outcome} == {3: copy_id(3)}
        assert outcomes[3] is not None and outcomes[3].metrics["exc.rate_hz"] == 7.25
    anew = EarlierRuns(_open(root), jobs, anew=True)
    assert [anew.outcome(job) for job in jobs] == [None] * len(jobs)


NAMES = [
    "it's",
    "it_s",
    'say "no"',
    "both ' and \"",
    "`n`=10",
    "back\\slash",
    "two\nlines",
    "50% of n_1",
    "50% of n-1",
]
NAMES += ["x' OR '1'='1", "a;b --c /* d", "Lauf µ 10 mV", "(seed=1, 2)", "abcd", "=", " spaced "]


def test_a_run_of_any_name_is_found_by_it(tmp_path: Path) -> None:
    run_once(tmp_path)
    store = client(locate_store(None, tmp_path).uri)
    ids = {name: store.create_run("1", run_name=name).info.run_id for name in NAMES}
    for name in NAMES:
        assert load_run(name, root=tmp_path).run_id == ids[name], name
    newer = store.create_run("1", run_name=NAMES[0]).info.run_id
    assert load_run(NAMES[0], root=tmp_path).run_id == newer
