"""The page of a sweep with ``dry_run=true``: its runs, and which of them are done."""

from typing import TYPE_CHECKING

from varesearch.config.wording import written
from varesearch.pages.layout import columns
from varesearch.shell import quoted
from varesearch.sweeps.known import Known
from varesearch.tracking.location import locate_store
from varesearch.tracking.run import StoreSession

if TYPE_CHECKING:
    from varesearch.sweeps.command import Sweep


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
    known = None if anew else Known(session, jobs)
    rows, undone = [], 0
    for job in jobs:
        outcome = None if known is None else known.outcome(job)
        undone += outcome is None
        point = quoted(f"{key}={written(value)}" for key, value in job.varied.items()) or "the one run"
        rows.append((point, "to run" if outcome is None else f"FINISHED, run {(outcome.run_id or '')[:8]}"))
    head = f"Nothing is run. {how}\n{len(jobs)} runs, {undone} to run, {len(jobs) - undone} FINISHED already:"
    return f"{head}\n{columns(rows)}"
