"""``varesearch board``: the software SpiNNaker board, which is a program of its own (``spinnaker-board``)."""

import os
import sys

import click


@click.command("board", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS]")
def command(words: tuple[str, ...]) -> int:
    """Start a SpiNNaker board in software, as the program spinnaker-board does."""
    # The board replaces this process, since it handles its end itself and imports nothing of varesearch.
    os.execv(sys.executable, [sys.executable, "-m", "spinnaker_board", *words])
