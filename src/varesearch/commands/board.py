"""``varesearch board``: the software SpiNNaker board, which is a program of its own (``spinnaker-board``)."""

import os
import sys

import click


@click.command("board", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS]")
def command(words: tuple[str, ...]) -> int:
    """Start a SpiNNaker board in software, as the program spinnaker-board does."""
    # In place of this process: the board has its own way to end, and loads nothing of ours.
    os.execv(sys.executable, [sys.executable, "-m", "spinnaker_board", *words])
