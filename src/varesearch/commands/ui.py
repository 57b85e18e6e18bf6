"""``varesearch ui``: MLflow's pages about the runs in the store."""

import click

from varesearch.commands.options import Command, Number, StoredRun, uri


@click.command("ui", cls=Command)
@click.option(
    "--port", type=Number(int, 1, 65535), metavar="N", help="Port; by default 5000 or, if that is in use, a free one."
)
@click.option("--run", metavar="RUN", type=StoredRun(), help="Print the address of this run (id or name).")
@uri
def command(port: int | None, run: str | None, uri: str | None) -> int:
    """Serve MLflow's pages about the runs in the store, on this computer and only for you, until Ctrl-C."""
    from varesearch.tracking.location import locate_store
    from varesearch.ui.pages import serve

    return serve(locate_store(uri), port, run)
