"""``varesearch studies``: the studies of a checkout."""

from pathlib import Path

import click

from varesearch.commands.options import Command, Setting, checkout
from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import did_you_mean, echoed


@click.command("studies", cls=Command)
@click.argument("name", required=False, metavar="[NAME]")
@click.argument("words", nargs=-1, type=Setting(), metavar="[KEY=VALUE]...")
@click.option("--small", is_flag=True, help="A small form of it, to see that it runs; the page is left alone.")
@click.option("--analyse", is_flag=True, help="Run nothing: only read, draw and write.")
@click.option("--to", type=click.Path(path_type=Path), metavar="DIR", help="Folder for page and figures.")
def command(name: str | None, words: tuple[str, ...], small: bool, analyse: bool, to: Path | None) -> int:
    """Run what is missing of a study, then read the tracker and write its page; without NAME, list the studies.

    The studies are the folders of experiments/ in a checkout. KEY=VALUE are settings for all runs, such as
    launcher.workers=8 or tracking.uri=http://host:5000.
    """
    checkout()
    from varesearch_tools.studies.command import conduct, load, studies

    known = studies()
    if name is None:
        print("\n".join(known))
        return 0
    if name not in known:
        raise ConfigurationError(
            f"NAME {echoed(name)}: there is no such study; choose one of {', '.join(known)}{did_you_mean(name, known)}"
        )
    return conduct(load(known[name]), words, small, analyse, to)
