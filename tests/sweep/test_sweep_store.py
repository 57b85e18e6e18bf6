"""What a sweep leaves in the store, read back from its tables: nesting, counts, resuming, taking over."""

import os
import signal
import threading

import pandas as pd
import pytest
from planted import END_MS, Sweeps, by_seed, crash, fail, finish, statuses

from varesearch.config.errors import ConfigurationError
from varesearch.sweeps.jobs import Assignment, ChildEnd, Work
from varesearch.tracking.ending import RunEnd
from varesearch.tracking.files import ENDED
from varesearch.tracking.run import StoreSession

GRID = ("connectivity.n=20", "connectivity.p=0.1,0.2", "seed=range(2)")
FOUR = ("connectivity.n=20", "seed=range(4)")


def test_children_are_nested_under_one_parent_that_knows_what_varies(sweeps: Sweeps) -> None:
    code, begun = sweeps.run(*GRID, pages=True)
    assert (code, begun) == (0, [0, 1, 0, 1])
    (parent,) = sweeps.parents()
    children = sweeps.children()
    assert len(sweeps.runs()) == 5 and statuses([parent, *children]) == {"FINISHED": 5}
    assert parent.name == "sweep p(2) x seed(2), 4 runs"
    assert parent.tags["varesearch.varies"] == "connectivity.p, seed"
    assert (parent.params["connectivity.p"], parent.params["seed"]) == ("0.1, 0.2", "0, 1")
    assert parent.params["connectivity.n"] == "20"
    assert "varesearch.identity" not in parent.tags and "varesearch.config_hash" not in parent.tags
    wanted = {"children": 4, "finished": 4, "taken_over": 0, "failed": 0, "killed": 0, "not_begun": 0}
    assert {name: parent.metrics[f"sweep.{name}"] for name in wanted} == wanted
    assert {name: int(parent.tags[f"varesearch.sweep.{name}"]) for name in wanted} == wanted
    assert [(child.params["connectivity.p"], child.params["seed"]) for child in children] == [
        ("0.1", "0"),
        ("0.1", "1"),
        ("0.2", "0"),
        ("0.2", "1"),
    ]
    assert [child.metrics["exc.rate_hz"] for child in children] == [0, 1, 0, 1]
    assert len({child.tags["varesearch.identity"] for child in children}) == 4
    assert all(child.metrics["child.cpu_s"] == 1.0 for child in children)
    assert not any(path.name.startswith(".") for child in children for path in child.folder.iterdir())
    table = pd.read_csv(parent.folder / "results.csv")
    assert list(table["run_id"]) == [child.run_id for child in children]
    assert (parent.folder / "report.html").is_file() and any((parent.folder / "figures").iterdir())


def test_the_same_sweep_again_has_nothing_to_do(sweeps: Sweeps, capfd: pytest.CaptureFixture[str]) -> None:
    sweeps.run(*FOUR)
    before = [(row.run_id, row.status, row.tags, row.metrics) for row in sweeps.runs()]
    # Other words, launcher and order, and the same runs.
    assert sweeps.run("seed=3,2,1,0", "connectivity.n=20", "launcher=local") == (0, [])
    assert "all 4 runs of this sweep are FINISHED already" in capfd.readouterr().out
    assert [(row.run_id, row.status, row.tags, row.metrics) for row in sweeps.runs()] == before


def test_failures_do_not_stop_the_others_and_are_run_again(sweeps: Sweeps, capfd: pytest.CaptureFixture[str]) -> None:
    code, begun = sweeps.run(*FOUR, plant=by_seed(s1=fail, s2=crash))
    assert (code, begun) == (1, [0, 1, 2, 3])
    said = capfd.readouterr()
    assert "varesearch: 2 failed of 4 runs" in said.err
    assert "to resume: varesearch sweep connectivity.n=20 'seed=range(4)'" in said.out
    (parent,) = sweeps.parents()
    assert (parent.status, parent.tags[ENDED]) == ("FAILED", "2 failed of 4 runs")
    assert not (parent.folder / "traceback.txt").exists()
    _, failed, crashed, _ = sweeps.children()
    assert [row.status for row in (failed, crashed)] == ["FAILED", "FAILED"]
    assert failed.tags[ENDED] == "ValueError: planted"
    assert crashed.tags[ENDED] == "ended by SIGSEGV, a segmentation fault"
    assert (crashed.tags["varesearch.child.signal"], crashed.tags["varesearch.child.peak_memory_mb"]) == ("11", "123")
    assert "the last thing it said" in (crashed.folder / "traceback.txt").read_text()

    assert sweeps.run(*FOUR) == (0, [1, 2])
    assert [row.run_id for row in sweeps.parents()] == [parent.run_id]
    (again,) = sweeps.parents()
    assert again.status == "FINISHED" and ENDED not in again.tags
    assert (again.metrics["sweep.taken_over"], again.metrics["sweep.failed"]) == (2, 0)
    assert statuses(sweeps.children(again)) == {"FINISHED": 4, "FAILED": 2}
    assert len(list(again.folder.glob("*.log"))) == 2


def test_with_fail_fast_the_rest_is_not_begun(sweeps: Sweeps) -> None:
    assert sweeps.run(*FOUR, "fail=fast", plant=by_seed(s1=fail)) == (1, [0, 1])
    (parent,) = sweeps.parents()
    assert (parent.metrics["sweep.not_begun"], parent.metrics["sweep.failed"]) == (2, 1)
    assert parent.tags[ENDED] == "1 failed, 2 not begun of 4 runs"
    table = pd.read_csv(parent.folder / "results.csv")
    assert list(table["status"]) == ["FINISHED", "FAILED", "SKIPPED", "SKIPPED"]
    assert sweeps.run(*FOUR, "fail=fast") == (0, [1, 2, 3])


def test_rerun_runs_all_under_a_parent_of_its_own(sweeps: Sweeps) -> None:
    sweeps.run(*FOUR)
    assert sweeps.run(*FOUR, "rerun=true") == (0, [0, 1, 2, 3])
    first, second = sweeps.parents()
    assert len(sweeps.children(first)) == len(sweeps.children(second)) == 4
    assert sweeps.run(*FOUR) == (0, [])


def test_another_sweep_takes_over_what_it_shares(sweeps: Sweeps) -> None:
    sweeps.run(*FOUR)
    shared = {row.params["seed"]: row.run_id for row in sweeps.children()}
    assert sweeps.run("connectivity.n=20", "seed=range(2,6)") == (0, [4, 5])
    second = sweeps.parents()[1]
    assert len(sweeps.children(second)) == 2
    assert (second.metrics["sweep.finished"], second.metrics["sweep.taken_over"]) == (4, 2)
    table = pd.read_csv(second.folder / "results.csv")
    assert list(table["run_id"])[:2] == [shared["2"], shared["3"]]
    assert list(table["taken_over"]) == [True, True, False, False]
    assert list(table["exc.rate_hz"]) == [2.0, 3.0, 4.0, 5.0]


def test_a_run_whose_files_are_gone_is_not_taken_over(sweeps: Sweeps) -> None:
    sweeps.run(*FOUR)
    (sweeps.children()[2].folder / "recording.npz").unlink()
    assert sweeps.run(*FOUR) == (0, [2])


def test_a_run_of_another_version_is_not_taken_over(sweeps: Sweeps, monkeypatch: pytest.MonkeyPatch) -> None:
    sweeps.run(*FOUR)
    monkeypatch.setattr("varesearch.identity.science_hash", lambda *_: "changed")
    assert sweeps.run(*FOUR) == (0, [0, 1, 2, 3])
    assert len(sweeps.parents()) == 2


def interrupt(assignment: Assignment, work: Work) -> ChildEnd:
    """Ctrl-C while this child runs."""
    os.kill(os.getpid(), signal.SIGINT)
    assert work.interrupted.wait(60)
    RunEnd(assignment.run_id, "KILLED", END_MS, metrics={"half": 1.0}, tags={ENDED: "ended by SIGTERM"}).write(
        assignment.folder
    )
    return ChildEnd("was cancelled", killed=True, exit_code=143)


def test_ctrl_c_keeps_what_is_finished_and_the_same_command_resumes(
    sweeps: Sweeps, capfd: pytest.CaptureFixture[str]
) -> None:
    handler = signal.getsignal(signal.SIGINT)
    assert sweeps.run(*FOUR, plant=by_seed(s1=interrupt)) == (130, [0, 1])
    assert signal.getsignal(signal.SIGINT) is handler
    said = capfd.readouterr()
    assert "KILLED: interrupted (Ctrl-C)" in said.err and "to resume: varesearch sweep" in said.out
    (parent,) = sweeps.parents()
    assert (parent.status, parent.tags[ENDED]) == ("KILLED", "interrupted (Ctrl-C)")
    first, second = sweeps.children()
    assert (first.status, second.status) == ("FINISHED", "KILLED")
    assert second.tags[ENDED] == "the sweep was interrupted" and second.metrics["half"] == 1.0
    assert (parent.metrics["sweep.killed"], parent.metrics["sweep.not_begun"]) == (1, 2)
    assert (parent.folder / "results.csv").is_file()
    assert sweeps.run(*FOUR) == (0, [1, 2, 3])
    assert [row.status for row in sweeps.parents()] == ["FINISHED"]


def test_a_child_that_was_done_before_ctrl_c_reached_it_stays_finished(sweeps: Sweeps) -> None:
    def too_late(assignment: Assignment, work: Work) -> ChildEnd:
        finish(assignment, work)
        os.kill(os.getpid(), signal.SIGINT)
        work.interrupted.wait(60)
        return ChildEnd("was cancelled", killed=True)

    assert sweeps.run(*FOUR, plant=by_seed(s0=too_late)) == (130, [0])
    assert statuses(sweeps.children()) == {"FINISHED": 1}


def test_a_child_that_somebody_else_ends_has_failed(sweeps: Sweeps) -> None:
    def ended_by_hand(assignment: Assignment, _: Work) -> ChildEnd:
        RunEnd(assignment.run_id, "KILLED", END_MS, tags={ENDED: "ended by SIGTERM"}).write(assignment.folder)
        return ChildEnd("was not done after 3 s, the time allowed: ended", exit_code=143)

    assert sweeps.run("seed=0,1", plant=by_seed(s0=ended_by_hand)) == (1, [0, 1])
    first, _ = sweeps.children()
    assert (first.status, first.tags[ENDED]) == ("FAILED", "was not done after 3 s, the time allowed: ended")


def test_a_launcher_that_breaks_leaves_no_run_open(sweeps: Sweeps) -> None:
    def broken(assignment: Assignment, _: Work) -> ChildEnd:
        raise OSError("no such cluster")

    assert sweeps.run(*FOUR, plant=by_seed(s1=broken)) == (1, [0, 1])
    (parent,) = sweeps.parents()
    assert (parent.status, parent.tags[ENDED]) == ("FAILED", "OSError: no such cluster")
    assert statuses(sweeps.children()) == {"FINISHED": 1, "FAILED": 1}


@pytest.mark.parametrize("record", [False, True])
def test_a_sweep_that_is_killed_outright_is_found_and_resumed(sweeps: Sweeps, record: bool) -> None:
    """``record``: the child was done, and the sweep's process was killed before it could tell the store."""

    def killed(assignment: Assignment, work: Work) -> ChildEnd:
        if record:
            finish(assignment, work)
        os.kill(os.getpid(), signal.SIGKILL)
        threading.Event().wait()
        raise AssertionError

    pid = os.fork()
    if pid == 0:
        try:
            sweeps.run(*FOUR, plant=by_seed(s2=killed))
        finally:
            os._exit(70)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    assert statuses(sweeps.runs()) == {"RUNNING": 2, "FINISHED": 2}

    assert sweeps.run(*FOUR) == (0, [3] if record else [2, 3])
    (parent,) = sweeps.parents()
    assert parent.status == "FINISHED" and parent.metrics["sweep.taken_over"] == (3 if record else 2)
    expected = {"FINISHED": 4} if record else {"FINISHED": 4, "KILLED": 1}
    assert statuses(sweeps.children(parent)) == expected


def test_the_same_sweep_does_not_run_twice_at_once(sweeps: Sweeps) -> None:
    refused: list[str] = []

    def twice(assignment: Assignment, work: Work) -> ChildEnd:
        try:
            sweeps.run(*FOUR)
        except ConfigurationError as error:
            refused.append(str(error))
        return finish(assignment, work)

    assert sweeps.run(*FOUR, plant=by_seed(s0=twice)) == (0, [0, 1, 2, 3])
    assert len(refused) == 1 and "the same sweep is being run by another process" in refused[0]
    assert len(sweeps.parents()) == 1


def test_a_store_that_takes_nothing_more_ends_the_sweep_and_loses_nothing(
    sweeps: Sweeps, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def dead(*_: object, **__: object) -> None:
        raise OSError("the server has gone away")

    def cut(assignment: Assignment, work: Work) -> ChildEnd:
        monkeypatch.setattr(StoreSession, "create_run", dead)
        monkeypatch.setattr("varesearch.tracking.run.deliver", dead)
        return finish(assignment, work)

    assert sweeps.run(*FOUR, plant=by_seed(s1=cut)) == (1, [0, 1])
    said = capfd.readouterr()
    assert "no further run could be opened in sqlite:" in said.err and "the server has gone away" in said.err
    assert "NOT IN THE STORE: run" in said.out
    first, second = sweeps.children()
    assert (first.status, second.status) == ("FINISHED", "RUNNING")
    assert (second.folder / "recording.npz").is_file()


def test_a_report_that_cannot_be_made_costs_no_results(sweeps: Sweeps, capfd: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no such colour")

    assert sweeps.run(*FOUR, pages=True, report=broken) == (1, [0, 1, 2, 3])
    (parent,) = sweeps.parents()
    assert parent.tags[ENDED] == "table, figures or report could not be made: no such colour"
    assert statuses(sweeps.children()) == {"FINISHED": 4} and len(pd.read_csv(parent.folder / "results.csv")) == 4
    assert "4 runs: 4 finished" in capfd.readouterr().out
