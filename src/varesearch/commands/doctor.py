"""``varesearch doctor``: what works on this machine."""

from pathlib import Path

import click

from varesearch.commands.options import Command, OneOf, config_dir


def _subjects() -> list[str]:
    from varesearch.doctor.checks import subjects

    context = click.get_current_context(silent=True)
    folder = None if context is None else context.params.get("config_dir")
    # While click reads the words, an option that was not given holds an object of click's own.
    return subjects(folder if isinstance(folder, Path) else None)


@click.command("doctor", cls=Command)
@click.argument("subjects", nargs=-1, type=OneOf(_subjects), metavar="[SUBJECT]...")
@click.option("--full", is_flag=True, help="Also compile code, and compare the files of all packages.")
@config_dir
def command(subjects: tuple[str, ...], full: bool, config_dir: Path | None) -> int:
    """Check what works on this machine, and say how to repair what does not.

    Each simulator simulates small networks whose spikes are known; packages are compared with the versions that were
    tested and with the hashes of their files; the store, memory, disk and compilers are checked. With --config-dir, the
    back ends in that folder are checked, too. Nothing is changed.

    SUBJECT: memory, disk, store, packages, compilers, or a back end; by default all of them.

    Exit code 0: everything works; 1: something does not work, or a SUBJECT that you named is not installed.
    """
    from varesearch.doctor.command import main

    return main(subjects, full, config_dir)
