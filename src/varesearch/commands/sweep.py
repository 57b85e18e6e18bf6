"""``varesearch sweep``: a run for every combination of the given values."""

from collections.abc import Sequence
from pathlib import Path

import click

from varesearch.commands.options import Command, config_dir, words
from varesearch.commands.output import print_help, warn


@click.command("sweep", add_help_option=False, cls=Command)
@words
@config_dir
@click.option("-h", "--help", "wants_help", is_flag=True, help="Show this, or explain the settings that are named.")
@click.pass_context
def command(context: click.Context, words: tuple[str, ...], config_dir: Path | None, wants_help: bool) -> int:
    """Run every combination of the given values as one sweep.

    Several values of a setting are written KEY=VALUE,VALUE or KEY=range(5). If you repeat the command, it resumes
    a sweep that was stopped: runs that are FINISHED are not repeated. launcher=... chooses where the runs are executed,
    sweeper=... chooses which runs are made.

    \b
    Examples:
      varesearch sweep cell=izhikevich,if_cond_exp 'seed=range(5)' launcher=local
      varesearch sweep connectivity.p=0.01,0.02,0.05 dry_run=true
      varesearch sweep --help launcher=slurm
    """
    if wants_help and not words:
        print(context.get_help())
        return 0
    return print_help(words, config_dir) if wants_help else sweep(words, config_dir)


def sweep(words: Sequence[str], config_dir: Path | None) -> int:
    """Run a sweep, or with ``dry_run=true`` say what would be run, and return the exit code.

    Raises ConfigurationError for settings that cannot be run.
    """
    from varesearch.config.plausibility import warnings
    from varesearch.report import write_report
    from varesearch.sweeps.command import prepare, run_sweep

    prepared = prepare(words, config_dir)
    warn(warnings([job.composed.config for job in (*prepared.jobs, *prepared.corners)]))
    if prepared.planner.settings.dry_run:
        from varesearch.sweeps.show import plan_page

        print(plan_page(prepared))
        return 0
    return run_sweep(prepared, write_report)
