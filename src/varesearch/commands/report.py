"""``varesearch report``: a run or a sweep as one HTML page."""

from pathlib import Path

import click

from varesearch.commands.options import Command, StoredRun, config_dir, uri


@click.command("report", cls=Command)
@click.argument("run", metavar="RUN_OR_SWEEP", type=StoredRun())
@uri
@config_dir
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Also write a copy to this file.")
def command(run: str, uri: str | None, config_dir: Path | None, out: Path | None) -> int:
    """Write one HTML page of a run, a comparison or a sweep.

    RUN_OR_SWEEP is an id, the first characters of an id, or a name. The page has figures, tables, configuration,
    provenance and verdicts. It needs only a browser, and is attached to the run as report.html. With --config-dir, the
    settings of your own parts are shown with their units, and your own figures in their places.
    """
    from varesearch.report.command import main

    return main(run, uri, out, config_dir)
