"""``varesearch export``: a drawn network as SONATA or NIR."""

from pathlib import Path

import click

from varesearch.commands.options import Command, config_dir, words


@click.command("export", cls=Command)
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@words
@click.option("--to", required=True, metavar="FORMAT", help="The format: sonata or nir.")
@click.option(
    "--network",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A network.npz of a run, instead of settings.",
)
@config_dir
def command(folder: Path, words: tuple[str, ...], to: str, network: Path | None, config_dir: Path | None) -> int:
    """Write a drawn network in a format of others.

    Each quantity is graded: faithful; approximate, if other programs may not understand how it is written; refused, if
    the format cannot hold it. The grades are printed and written to FOLDER. If a quantity is refused, nothing is
    written, and the exit code is 2.

    Example: varesearch export --to sonata my_network cell=if_curr_exp seed=3
    """
    from varesearch.export.command import export

    return export(to, folder, words, network, config_dir)
