"""``varesearch rerun``: repeat a recorded run, and say whether the result is the same."""

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
    """Repeat a recorded run, and say whether the result is the same.

    RUN is the id of the run, the first characters of its id, or its name. The run is repeated with its recorded
    configuration and seed, and the repetition is tracked as a new run. It is identical if every spike train, every
    sample, every metric and the drawn network are the same, bit for bit. Otherwise the differences are shown: in the
    results, in the versions of the packages, in the code.

    backend.KEY=VALUE chooses another machine than the recorded one: backend.machine or an address. A run with your own
    parts needs the folder of these parts, --config-dir, since code is never loaded from a record.

    Exit code 0: identical; 1: the result differs, or the repetition failed; 2: the run cannot be repeated.
    """
    from varesearch.config.restore import MachineChoice
    from varesearch.rerun.command import main

    return main(run, uri, MachineChoice(settings, machine_from_record), config_dir)
