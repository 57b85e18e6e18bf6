"""What the commands ``run`` and ``sweep`` print alike: help on settings, and warnings."""

from collections.abc import Sequence
from pathlib import Path

from varesearch.commands import NAMES


def print_help(topics: Sequence[str], config_dir: Path | None) -> int:
    """Print the overview, or the pages of the settings or the command that are named, and return the exit code."""
    if len(topics) == 1 and topics[0] in NAMES:
        from varesearch.cli import main

        return main([topics[0], "--help"])
    from varesearch.pages.help import help_page

    print(help_page(topics, config_dir))
    return 0


def warn(lines: Sequence[str]) -> None:
    """Write warnings to standard error, a line each."""
    from varesearch.cli import complain

    for line in lines:
        complain(f"WARNING: {line}")
