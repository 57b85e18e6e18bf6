"""``varesearch bench``: the benchmarks of a checkout."""

from pathlib import Path

import click

from varesearch.commands.options import Group, Number, checkout


@click.group("bench", cls=Group)
def command() -> None:
    """Measure the project's speed beside the scripts that users would write.

    For those who work on varesearch: it needs a checkout with its tests.
    """


@command.command("measure", context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[OPTION OF PYTEST]...")
def measure(words: tuple[str, ...]) -> int:
    """Measure every case, and keep them as a session (about 17 minutes)."""
    checkout()
    from varesearch_tools.benchmarks.measuring import measure_matrix

    return measure_matrix(words)


@command.command("board", context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[OPTION OF PYTEST]...")
def board(words: tuple[str, ...]) -> int:
    """Measure the software board's own speed, interpreted and translated, and its growth."""
    checkout()
    from varesearch_tools.benchmarks.measuring import measure_board

    return measure_board(words)


@command.command("compare")
@click.argument("sessions", nargs=-1, type=click.Path(path_type=Path), metavar="[BEFORE AFTER]")
@click.option("--threshold", type=Number(float), default=1.3, show_default=True, help="Factor of a change that counts.")
@click.option("--all", "everything", is_flag=True, help="Show what did not change, too.")
def compare(sessions: tuple[Path, ...], threshold: float, everything: bool) -> int:
    """Compare two sessions, by default the last two.

    What is compared are ratios to the baseline that was measured in the same session, since absolute times of
    different machines, or of one machine on different days, mean nothing.

    Exit code 1: a ratio got worse by more than the threshold, and by more than the repetitions scatter (what was
    measured once is shown and does not fail).
    """
    checkout()
    from varesearch_tools.benchmarks.compare import show

    return show(sessions, threshold, everything)


@command.command("page")
@click.argument("session", required=False, metavar="[SESSION.json | last]")
def page(session: str | None) -> int:
    """Write docs/benchmarks.md and its figures, after adding a session to its data if one is named."""
    checkout()
    from varesearch_tools.benchmarks.page import write

    return write(session)
