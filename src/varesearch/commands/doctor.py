"""``varesearch doctor``: what works on this machine."""

import click

from varesearch.commands.options import Command, OneOf


def _known() -> list[str]:
    from varesearch.doctor.checks import subjects

    return subjects()


@click.command("doctor", cls=Command)
@click.argument("subjects", nargs=-1, type=OneOf(_known), metavar="[SUBJECT]...")
@click.option("--full", is_flag=True, help="Also compile code, and compare the files of all packages.")
def command(subjects: tuple[str, ...], full: bool) -> int:
    """Check what works on this machine, and say how to mend what does not.

    Each simulator simulates small networks whose right spikes are known; packages are compared with the versions that
    were tested and with the hashes of their files; the store, memory, disk and compilers are looked at. Nothing is
    changed.

    SUBJECT: memory, disk, store, packages, compilers, or a back end; without one, all of them.

    Exit code 0: all is well; 1: something is broken, or a SUBJECT that was named is not installed.
    """
    from varesearch.doctor.command import main

    return main(subjects, full)
