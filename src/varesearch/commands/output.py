"""What several commands print: errors, warnings, and help on settings."""

import sys
from collections.abc import Sequence
from pathlib import Path

from varesearch.commands import NAMES, load
from varesearch.config.addresses import redact

PROGRAM = "varesearch"


def print_help(topics: Sequence[str], config_dir: Path | None) -> int:
    """Print the overview, or the pages of the settings or the command that are named, and return the exit code."""
    if len(topics) == 1 and topics[0] in NAMES:
        with load(topics[0]).make_context(f"{PROGRAM} {topics[0]}", ["--help"]) as context:
            return context.command.invoke(context) or 0
    from varesearch.pages.help import help_page

    print(help_page(topics, config_dir, _summaries))
    return 0


def _summaries() -> list[tuple[str, str]]:
    """Each command and what it does, in one line."""
    return [(name, load(name).get_short_help_str(limit=200)) for name in NAMES]


def complain(message: str) -> None:
    """Write one line to standard error, without credentials."""
    print(f"{PROGRAM}: {' '.join(redact(message).split())}", file=sys.stderr)


def warn(lines: Sequence[str]) -> None:
    """Write warnings to standard error, a line each."""
    for line in lines:
        complain(f"WARNING: {line}")
