"""``varesearch describe``: the network and its simulation in tables, for the methods of a paper."""

from pathlib import Path

import click

from varesearch.commands.options import Command, OneOf, config_dir, words


@click.command("describe", cls=Command)
@words
@click.option("--to", type=click.Path(path_type=Path), metavar="FOLDER", help="Write into this folder, with a diagram.")
@click.option(
    "--format",
    "chosen",
    type=OneOf(lambda: ["markdown", "latex"]),
    help="By default Markdown, and with --to both.",
)
@config_dir
def command(words: tuple[str, ...], to: Path | None, chosen: str | None, config_dir: Path | None) -> int:
    """Describe a network in tables, for the methods of a paper; nothing is run.

    The tables are those of Nordlie, Gewaltig and Plesser (2009): model summary, populations, connectivity, neuron and
    synapse models, plasticity, input, measurements, all parameters with their units, and the publications cited. They
    are printed as Markdown or LaTeX. With --to they are written into a folder (methods.md, methods.tex), with a diagram
    of populations, projections and inputs (network.svg, network.png).

    \b
    Examples:
      varesearch describe cell=if_cond_exp connectivity.p=0.05
      varesearch describe experiment=va_coba --to methods
    """
    from varesearch.describe.command import main

    return main(words, to, chosen, config_dir)
