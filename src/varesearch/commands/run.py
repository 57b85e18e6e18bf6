"""``varesearch run``: one simulation, or with ``-m`` a sweep. Arguments without a command belong to it."""

from collections.abc import Sequence
from pathlib import Path

import click

from varesearch import __version__
from varesearch.commands.options import Command, config_dir, words
from varesearch.commands.output import print_help, warn
from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import echoed


@click.command("run", add_help_option=False, cls=Command)
@words
@click.option("-m", "--multirun", is_flag=True, help="The same as varesearch sweep.")
@config_dir
@click.option("--backends", is_flag=True, help="List the simulators.")
@click.option("--version", is_flag=True, help="Print the version.")
@click.option("-h", "--help", "wants_help", is_flag=True, help="Explain the settings that are named.")
def command(
    words: tuple[str, ...], multirun: bool, config_dir: Path | None, backends: bool, version: bool, wants_help: bool
) -> int:
    """Simulate one network, analyse it, and keep the run."""
    alone = {"--version": version, "--backends": backends, "--help": wants_help}
    asked = [flag for flag, given in alone.items() if given]
    if len(asked) > 1:
        raise ConfigurationError(f"{asked[0]}: does not go with {asked[1]}; leave one of the two out")
    if asked and multirun:
        raise ConfigurationError(f"-m: goes with the words of a sweep, not with {asked[0]}; leave one of the two out")
    if asked and asked != ["--help"] and words:
        raise ConfigurationError(f"{echoed(words[0])}: {asked[0]} stands alone; leave one of the two out")
    if version:
        print(f"varesearch {__version__}")
        return 0
    if backends:
        from varesearch.pages.backends import backends_page

        print(backends_page(config_dir))
        return 0
    if wants_help:
        return print_help(words, config_dir)
    if multirun:
        from varesearch.commands.sweep import sweep

        return sweep(words, config_dir)
    return run(words, config_dir)


def run(words: Sequence[str], config_dir: Path | None) -> int:
    """Run a simulation, or with ``dry_run=true`` say what would be run, and return the exit code.

    Raises ConfigurationError for settings that cannot be run.
    """
    from varesearch.config.compose import compose
    from varesearch.config.launching import refuse_sweep_settings
    from varesearch.config.plausibility import warnings
    from varesearch.preflight import prepare

    composed = compose(words, config_dir)
    refuse_sweep_settings(words, "write varesearch sweep")
    backend = prepare(composed.config, config_dir)
    warn(warnings([composed.config]))
    if composed.config.dry_run:
        from varesearch.pages.dry_run import dry_run_page

        print(dry_run_page(composed))
        return 0
    from varesearch import runner

    return runner.run(composed, backend)
