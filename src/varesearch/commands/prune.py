"""``varesearch prune``: show what takes up space in the store, and remove what is no longer needed."""

import click

from varesearch.commands.options import Command, Number, OneOf, uri


@click.command("prune", cls=Command)
@click.option(
    "--older-than", type=Number(float, 0), metavar="DAYS", help="Only runs that ended at least DAYS days ago."
)
@click.option("--status", type=OneOf(lambda: ["FINISHED", "FAILED", "KILLED"]), help="Only runs with this status.")
@click.option("--larger-than", type=Number(float, 0), metavar="MB", help="Only runs whose files take more than MB.")
@click.option("--whole-runs", is_flag=True, help="Remove whole runs, not only their recordings.")
@click.option("--caches", is_flag=True, help="Also remove compiled code; it is compiled again when needed.")
@click.option("--yes", is_flag=True, help="Remove; without this, files are only listed.")
@uri
def command(
    older_than: float | None,
    status: str | None,
    larger_than: float | None,
    whole_runs: bool,
    caches: bool,
    yes: bool,
    uri: str | None,
) -> int:
    """Show what takes up space in the store and, with --yes, remove it.

    The command removes the recordings (spikes and signals) of the runs that the options select; with --whole-runs, it
    removes the runs with all their files; with --caches, also compiled code. Metrics, figures, settings and logs are
    kept unless --whole-runs is given. Unfinished runs are never touched.

    Example: varesearch prune --older-than 30 --larger-than 10
    """
    from varesearch.prune.choice import Wanted
    from varesearch.prune.command import prune

    return prune(Wanted(older_than, status, larger_than, whole_runs), caches, yes, uri)
