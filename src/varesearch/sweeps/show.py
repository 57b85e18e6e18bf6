"""What a sweep shows on the terminal: the page of a dry run, the lines while it runs, the table at its end."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from varesearch.config.wording import written
from varesearch.metrics.metric import in_summary
from varesearch.pages.layout import columns
from varesearch.shell import quoted
from varesearch.sweeps.earlier_runs import EarlierRuns
from varesearch.sweeps.jobs import FAILED, FINISHED, SEED, Job, Outcome
from varesearch.sweeps.labels import labels_by_text, short_keys
from varesearch.sweeps.space import Space
from varesearch.terminal import Terminal
from varesearch.tracking.files import RunFiles
from varesearch.tracking.location import locate_store
from varesearch.tracking.run import StoreSession
from varesearch.tracking.tags import OURS

if TYPE_CHECKING:
    from varesearch.sweeps.command import Sweep

_MOST_ROWS = 20
_LONGEST_VALUE = 40
_MOST_COLUMNS = 6


def plan_page(sweep: "Sweep") -> str:
    """What would be run, taken over, or searched. Nothing is created, not even a store."""
    settings, jobs = sweep.planner.settings, sweep.jobs
    how = f"launcher={settings.launcher.name} sweeper={settings.sweeper.name} fail={settings.fail}"
    if not jobs:
        keys = ", ".join(dimension.key for dimension in sweep.planner.space.dimensions)
        return f"Nothing is run. {how}\nThe search chooses {keys} while it goes on."
    where = locate_store(settings.tracking.uri)
    session = StoreSession(settings.tracking)
    anew = settings.rerun or (where.database is not None and not where.database.exists())
    if not anew:
        session.open()
    earlier = None if anew else EarlierRuns(session, jobs)
    rows, undone = [], 0
    for job in jobs:
        outcome = None if earlier is None else earlier.outcome(job)
        undone += outcome is None
        rows.append(
            (
                _varied(job) or "the one run",
                "to run" if outcome is None else f"FINISHED, run {(outcome.run_id or '')[:8]}",
            )
        )
    head = f"Nothing is run. {how}\n{len(jobs)} runs, {undone} to run, {len(jobs) - undone} FINISHED already:"
    return f"{head}\n{columns(rows)}"


def show_head(terminal: Terminal, parent: RunFiles, space: Space, n_jobs: int) -> None:
    """Show what varies, and the run of the sweep."""
    for dimension in space.dimensions:
        low_high = dimension.bounds
        values = f"from {low_high[0]:g} to {low_high[1]:g}" if low_high else ", ".join(dimension.values)
        terminal.line(f"  {dimension.key}: {values if len(values) <= 90 else f'{len(dimension.values)} values'}")
    runs = f"{n_jobs} run{'s' if n_jobs != 1 else ''}" if n_jobs else "runs"
    terminal.line(f"sweep {parent.run_id[:8]}, {runs}: {parent.name}")


def show_outcome(terminal: Terminal, outcome: Outcome) -> None:
    """Show a child that failed, as soon as that is known."""
    if outcome.state == FAILED:
        terminal.line(f"FAILED {(outcome.run_id or '')[:8]} {point(outcome)}: {outcome.reason}", style="red")


def show_end(
    terminal: Terminal,
    parent: RunFiles,
    session: StoreSession,
    outcomes: Sequence[Outcome],
    counts: Mapping[str, int],
    best: Mapping[str, str],
    config_dir: Path | None = None,
) -> None:
    """Show a summary of the results, how many runs ended how, and where to see them."""
    head, rows = summary(outcomes, config_dir)
    if 0 < len(rows) <= _MOST_ROWS:
        terminal.table(head, rows)
    elif rows:
        terminal.line(f"{len(rows)} combinations: see results.csv in {parent.folder}")
    counted = [f"{number} {name.replace('_', ' ')}" for name, number in counts.items() if name != "children" and number]
    terminal.line(f"{counts['children']} runs: {', '.join(counted)}" if counted else "no run")
    for key, value in best.items():
        terminal.line(f"{key.removeprefix(OURS).replace('_', ' ')}: {value}")
    terminal.line(f"sweep {parent.run_id}: {session.address(parent.run_id, parent.folder)}")
    terminal.line(f"to see it: {session.how_to_open(parent.run_id, parent.folder)}")


def summary(outcomes: Sequence[Outcome], config_dir: Path | None = None) -> tuple[list[str], list[list[str]]]:
    """The head and the rows of a table with a row for each combination, its FINISHED runs averaged over the seeds.

    The columns are what varies, how many runs are FINISHED, and the metrics that belong in a summary, also those of the
    user's folder ``config_dir``. With more than :data:`_MOST_COLUMNS` of these, each population has a row of its own.
    """
    keys = [key for key in outcomes[0].job.varied if key != SEED] if outcomes else []
    shown = {key: labels_by_text((outcome.job.varied[key] for outcome in outcomes), _LONGEST_VALUE) for key in keys}
    groups: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in outcomes:
        point = tuple(shown[key][written(outcome.job.varied[key])] for key in keys)
        groups.setdefault(point, []).append(outcome)
    names = in_summary(dict.fromkeys(name for outcome in outcomes for name in outcome.metrics), config_dir)
    populations = list(dict.fromkeys(name.rpartition(".")[0] for name in names))
    metrics = list(dict.fromkeys(name.rpartition(".")[2] for name in names))
    apart = len(names) > _MOST_COLUMNS
    rows = []
    for values, group in groups.items():
        finished = [outcome for outcome in group if outcome.state == FINISHED]
        head = [*values, f"{len(finished)}/{len(group)}"]

        def mean(name: str, finished: Sequence[Outcome] = finished) -> str:
            return _mean([it.metrics[name] for it in finished if name in it.metrics])

        if apart:
            rows += [[*head, it, *(mean(f"{it}.{metric}") for metric in metrics)] for it in populations]
        else:
            rows.append([*head, *map(mean, names)])
    of_metrics = ["population", *metrics] if apart else names
    return [*short_keys(keys), "finished", *of_metrics], rows


def point(outcome: Outcome) -> str:
    """What varies in a child, as it is written on the command line; the name of its run if nothing varies."""
    return _varied(outcome.job) or outcome.name


def _varied(job: Job) -> str:
    return quoted(f"{key}={written(value)}" for key, value in job.varied.items())


def _mean(values: Sequence[float]) -> str:
    return f"{fmean(values):.4g}" if values else "-"
