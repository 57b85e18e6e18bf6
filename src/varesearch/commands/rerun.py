"""``varesearch rerun``: run a recorded run again, and say whether the result is the same."""

from pathlib import Path

import click

from varesearch.commands.options import Command, StoredRun, config_dir, uri


@click.command("rerun", cls=Command)
@click.argument("run", metavar="RUN", type=StoredRun())
@click.argument("settings", metavar="[backend.KEY=VALUE]...", nargs=-1)
@click.option(
    "--machine-from-record", is_flag=True, help="Connect to the machine in the record, with your credentials."
)
@uri
@config_dir
def command(
    run: str, settings: tuple[str, ...], machine_from_record: bool, uri: str | None, config_dir: Path | None
) -> int:
    """Run a recorded run again, and say whether the result is the same.

    RUN is the id of the run, the first characters of it, or its name. It is run again from its own configuration and
    seed, as a tracked run of its own, and is identical if every spike train, every sample, every metric and the drawn
    network are the same, bit for bit. Where it is not, what differs is shown: the result, the versions of the packages,
    the code.

    backend.KEY=VALUE is the machine to use instead of the recorded one: backend.machine or an address. A run with
    parts of your own needs the folder that holds them, --config-dir: a record never loads code.

    Exit code 0: identical; 1: it differs, or the rerun failed; 2: the run cannot be run again.
    """
    from varesearch.config.restore import MachineChoice
    from varesearch.rerun.command import main

    return main(run, uri, MachineChoice(settings, machine_from_record), config_dir)
