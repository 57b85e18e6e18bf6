"""``varesearch studies``: the studies in a checkout."""

from pathlib import Path

import click

from varesearch.commands.options import Command, Setting, checkout
from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import did_you_mean, echoed


@click.command("studies", cls=Command)
@click.argument("name", required=False, metavar="[NAME]")
@click.argument("words", nargs=-1, type=Setting(), metavar="[KEY=VALUE]...")
@click.option("--small", is_flag=True, help="Run a small version to see that it works; the page is not changed.")
@click.option("--analyse", is_flag=True, help="Run no simulation; analyse the stored runs and write the page.")
@click.option("--to", type=click.Path(path_type=Path), metavar="DIR", help="Folder for the page and its figures.")
def command(name: str | None, words: tuple[str, ...], small: bool, analyse: bool, to: Path | None) -> int:
    """Run the missing simulations of a study and write its page from the tracker; without NAME, list the studies.

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
