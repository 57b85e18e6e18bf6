"""Check, run and record a sweep."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import AcquireReturnProxy, FileLock, Timeout

from varesearch.backends import backend_class
from varesearch.config.errors import ConfigurationError
from varesearch.config.launching import Launcher, Sweeper
from varesearch.config.options import options_of
from varesearch.config.validation import check_sweep_settings
from varesearch.preflight import check_disk_together, check_memory_together
from varesearch.shell import command
from varesearch.signals import SignalGuard, Terminated
from varesearch.sweeps.children import Children
from varesearch.sweeps.earlier_runs import EarlierRuns, parent_of
from varesearch.sweeps.jobs import FINISHED, Job, Outcome, Work
from varesearch.sweeps.parent import SweepFailedError, describe_sweep, log_outcomes, record_ahead, refuse_if_elsewhere
from varesearch.sweeps.plan import Planner
from varesearch.sweeps.show import show_end, show_head, show_outcome
from varesearch.terminal import Terminal
from varesearch.tracking.ending import TrackingError, ending
from varesearch.tracking.files import RunFiles
from varesearch.tracking.location import STORE_FOLDER, cache_folder
from varesearch.tracking.log import LogCapture
from varesearch.tracking.record import RunRecord
from varesearch.tracking.run import StoreSession, track
from varesearch.tracking.store import first_line
from varesearch.workers import processes

log = logging.getLogger(__name__)

Report = Callable[[RunRecord, str | None, Path | None, Path | None], object]
"""Writes the page of a sweep, given its record and the address of the store."""


@dataclass
class Sweep:
    """A sweep whose settings have been checked; nothing has been begun.

    ``jobs`` are the runs that are known; ``corners`` are not run, but were checked (see
    :class:`~varesearch.sweeps.jobs.Plan`).
    """

    words: tuple[str, ...]
    config_dir: Path | None
    planner: Planner
    sweeper: Sweeper
    launcher: Launcher
    jobs: list[Job]
    corners: list[Job]
    size: int
    """The largest number of runs."""

    @property
    def identity(self) -> str:
        """The hash by which the sweep is recognised when it is started again."""
        return self.sweeper.identity(self.planner.space, [*self.jobs, *self.corners])

    @property
    def command(self) -> tuple[str, ...]:
        """The command that starts it: the words after ``varesearch``."""
        return ("sweep", *options_of(self.config_dir), *self.words)

    @property
    def resume(self) -> str:
        """The command that resumes it, quoted for a shell; without ``rerun=true``, which would repeat finished runs."""
        return command(*(word for word in self.command if not word.startswith("rerun=")))


def prepare(words: Sequence[str], config_dir: Path | None = None, terminal: Terminal | None = None) -> Sweep:
    """Check everything that can be checked before anything is begun.

    Parameters
    ----------
    words
        The words of the command: settings, of which some have several values.
    config_dir
        The folder of the user's own parts and options.
    terminal
        Shows the progress; None: standard error.

    Raises
    ------
    ConfigurationError
        A setting, or a combination of settings, cannot be run.
    """
    planner = Planner(words, config_dir)
    settings = planner.settings
    check_sweep_settings(settings)
    plan = settings.sweeper.plan(planner.space, config_dir)
    settings.sweeper.check_runs(planner.space, config_dir, settings)
    settings.launcher.check()
    # By another planner, since they are checked, but not run.
    corners = Planner(words, config_dir).compose(plan.corners) if plan.corners else []
    # A run takes about 10 ms to compose and check.
    with (terminal or Terminal(sys.stderr)).progress("checking", len(plan.points), "runs") as progress:
        jobs = planner.compose(plan.points, progress)
    check_memory_together(
        [job.composed.config for job in (*jobs, *corners)],
        settings.launcher.workers_here,
        settings.launcher.memory_limit_mb,
        f"launcher={settings.launcher.name}",
    )
    return Sweep(tuple(words), config_dir, planner, settings.sweeper, settings.launcher, jobs, corners, plan.size)


def run_sweep(sweep: Sweep, report: Report, terminal_of: Callable[[LogCapture], Terminal] | None = None) -> int:
    """Run a sweep, and show its results on the terminal.

    Parameters
    ----------
    sweep
        The sweep, checked by :func:`prepare`.
    report
        Writes the report of the sweep.
    terminal_of
        Makes the terminal on which the sweep shows itself; None: the terminal of the log capture.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    ConfigurationError
        What the sweep needs (a machine, the store) is not there; nothing was begun.
    """
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "matplotlib"))
    with LogCapture(verbose=sweep.planner.settings.verbose) as capture:
        terminal = Terminal(capture.terminal) if terminal_of is None else terminal_of(capture)
        try:
            return _tracked(sweep, report, capture, terminal)
        except ConfigurationError:
            raise
        except (SweepFailedError, TrackingError) as error:
            Terminal(capture.errors).line(f"varesearch: {error}")
            return 1
        except BaseException as error:
            how = ending(error)
            where = f"; log: {capture.path}" if capture.path and how.status == "FAILED" else ""
            Terminal(capture.errors).line(f"varesearch: {how.status}: {how.reason}{where}")
            return how.exit_code


def _tracked(sweep: Sweep, report: Report, capture: LogCapture, terminal: Terminal) -> int:
    settings, likely = sweep.planner.settings, [*sweep.jobs, *sweep.corners]
    sweep.planner.probe(likely)
    session = StoreSession(settings.tracking)
    with sweep.launcher.started(_imports(likely)) as launch:
        session.open()
        return _in_store(sweep, report, session, launch, capture, terminal)


def _imports(jobs: Iterable[Job]) -> list[str]:
    """What the back ends of jobs import, each name once."""
    used = {backend_class(type(job.composed.config.backend)) for job in jobs}
    return sorted({name for backend in used for name in backend.imports()})


def _in_store(
    sweep: Sweep,
    report: Report,
    session: StoreSession,
    launch: Callable[[Work], None],
    capture: LogCapture,
    terminal: Terminal,
) -> int:
    settings = sweep.planner.settings
    identity = sweep.identity
    with _alone(session, identity):
        earlier_runs = EarlierRuns(session, sweep.jobs, anew=settings.rerun)
        earlier = None if settings.rerun else parent_of(session, identity)
        if earlier is not None and earlier.status == FINISHED and _all_done(sweep.jobs, earlier_runs):
            terminal.line(f"all {len(sweep.jobs)} runs of this sweep are FINISHED already; rerun=true runs them again")
            terminal.line(f"to see it: {session.how_to_open(earlier.run_id, Path())}")
            return 0
        # Which runs are done already is known only here.
        ahead = [job for job in sweep.jobs if earlier_runs.outcome(job) is None]
        check_disk_together([job.composed.config for job in ahead or sweep.corners], len(ahead) or sweep.size)
        about = describe_sweep(settings, sweep.command, sweep.planner.space, sweep.jobs, identity)
        start_ms = int(time.time() * 1000)
        if earlier is not None:
            refuse_if_elsewhere(earlier)
            about, start_ms = replace(about, name=earlier.name), earlier.start_ms
        signals = SignalGuard()
        track(
            about,
            session,
            lambda run: _Conductor(sweep, report, launch, run, session, start_ms, signals, terminal).conduct(
                earlier_runs
            ),
            capture=capture,
            resumed=earlier,
            signals=signals,
        )
    return 0


def _alone(session: StoreSession, identity: str) -> AcquireReturnProxy:
    """The lock that keeps two commands on this machine from running the same sweep; it ends with the process."""
    path = session.location.root / STORE_FOLDER / "sweeps" / f"{identity[:32]}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(path).acquire(timeout=0)
    except Timeout:
        raise ConfigurationError(
            "the same sweep is being run by another process; wait for its end, or end it: this command resumes it then"
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"{path.parent}: cannot be written ({error.strerror or error}); free some space or make the folder writable"
        ) from error


def _all_done(jobs: Sequence[Job], earlier_runs: EarlierRuns) -> bool:
    return bool(jobs) and all(earlier_runs.outcome(job) is not None for job in jobs)


@dataclass(frozen=True)
class _Conductor:
    """Runs a sweep inside its tracked run."""

    sweep: Sweep
    report: Report
    launch: Callable[[Work], None]
    run: RunFiles
    session: StoreSession
    start_ms: int
    signals: SignalGuard
    terminal: Terminal

    def conduct(self, earlier_runs: EarlierRuns) -> None:
        """Run the children and keep their results in any case; raise what stopped the sweep, or SweepFailedError."""
        sweep, terminal = self.sweep, self.terminal
        show_head(terminal, self.run, sweep.planner.space, len(sweep.jobs))
        batches: list[tuple[Sequence[Job], list[Outcome]]] = []
        with terminal.progress("running", sweep.size, "runs") as progress:
            done = 0

            def show(outcome: Outcome) -> None:
                nonlocal done
                done += 1
                show_outcome(terminal, outcome)
                progress(done)

            fail_fast = sweep.planner.settings.fail == "fast"
            children = Children(self.session, self.run.run_id, earlier_runs, fail_fast, show)

            def evaluate(jobs: Sequence[Job]) -> list[Outcome]:
                with children.jobs(jobs) as outcomes:
                    batches.append((jobs, outcomes))
                    _in_thread(self.launch, children)
                return outcomes

            # From the end of the search on signals wait, so that they do not interrupt what follows.
            best, stopped = self.signals.attempt(
                lambda: sweep.sweeper.search(
                    sweep.planner.space, sweep.jobs, sweep.planner.compose, evaluate, self.run.folder
                )
            )
        self._wind_down(children, [outcome for _, batch in batches for outcome in batch], best or {}, stopped)

    def _wind_down(
        self,
        children: Children,
        outcomes: Sequence[Outcome],
        best: Mapping[str, str],
        stopped: BaseException | None,
    ) -> None:
        """Keep table, figures, report and counts; raise what stopped the sweep."""
        terminal = self.terminal
        children.retry()
        self.run.set_tags(best)
        counts = log_outcomes(self.run, outcomes)
        reason = _reason(counts, children, stopped)
        try:
            self._keep_results(outcomes, reason, complete=stopped is None)
        except Exception as error:
            log.exception("the results of the sweep could not be shown")
            reason = reason or f"table, figures or report could not be made: {first_line(error)}"
        show_end(terminal, self.run, self.session, outcomes, counts, best, self.sweep.config_dir)
        for problem in children.problems:
            terminal.line(f"NOT IN THE STORE: {problem.message}", style="bold red")
        if reason:
            terminal.line(f"to resume: {self.sweep.resume}")
        if stopped is not None:
            raise stopped
        if reason:
            raise SweepFailedError(reason)

    def _keep_results(self, outcomes: Sequence[Outcome], reason: str, complete: bool) -> None:
        if not outcomes:
            return
        from varesearch.sweeps.table import results_table, write_table

        table = results_table(outcomes)
        write_table(table, self.run.folder)
        if not complete or not any(outcome.state == FINISHED for outcome in outcomes):
            return
        from varesearch.sweeps.figures import write_sweep_figures

        tracking = self.sweep.planner.settings.tracking
        draw_search, config_dir = self.sweep.sweeper.draw_search(), self.sweep.config_dir
        write_sweep_figures(table, self.run.folder / "figures", self.run.name, draw_search, config_dir)
        record = record_ahead(self.run, self.session, tracking.experiment, self.start_ms, reason)
        self.report(record, tracking.uri, None, self.sweep.config_dir)


def _in_thread(launch: Callable[[Work], None], children: Children) -> None:
    """Run a launcher in a thread of its own, since signals reach this one; raise what it raised, or the signal."""
    failed: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            launch(children)
        except BaseException as error:
            failed.append(error)
        finally:
            done.set()

    threading.Thread(target=run, name="launcher").start()
    try:
        # Not the thread's join: one that a signal interrupts takes the thread for ended in Python 3.11.
        done.wait()
    except (KeyboardInterrupt, Terminated):
        children.interrupt()
        while not done.is_set():
            try:
                done.wait()
            except (KeyboardInterrupt, Terminated):
                # Asked again: what the children would tidy up within their grace period is not waited for.
                processes.kill_descendants()
        raise
    if failed:
        raise failed[0]


def _reason(counts: Mapping[str, int], children: Children, stopped: BaseException | None) -> str:
    """Why the sweep is not FINISHED, in one line; "" if it is."""
    if stopped is not None:
        return ending(stopped).reason
    if children.trouble:
        return children.trouble
    if children.problems:
        return f"the store did not take {len(children.problems)} of the runs"
    parts = [f"{counts[name]} {word}" for name, word in _UNDONE.items() if counts[name]]
    return f"{', '.join(parts)} of {counts['children']} runs" if parts else ""


_UNDONE = {"failed": "failed", "killed": "killed", "not_begun": "not begun"}
