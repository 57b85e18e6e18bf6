"""Output of several commands: errors, warnings, and help on settings."""

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
    """Return each command with a line that says what it does."""
    return [(name, load(name).get_short_help_str(limit=200)) for name in NAMES]


def complain(message: str) -> None:
    """Write one line to standard error; credentials in addresses are replaced by stars."""
    print(f"{PROGRAM}: {' '.join(redact(message).split())}", file=sys.stderr)


def warn(lines: Sequence[str]) -> None:
    """Write each warning as a line to standard error."""
    for line in lines:
        complain(f"WARNING: {line}")
