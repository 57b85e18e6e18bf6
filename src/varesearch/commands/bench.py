"""``varesearch bench``: the benchmarks in a checkout."""

from pathlib import Path

import click

from varesearch.commands.options import Group, Number, checkout


@click.group("bench", cls=Group)
def command() -> None:
    """Compare the speed of varesearch with scripts that users would write.

    This is for people who work on varesearch, since it needs a checkout with the tests.
    """


@command.command("measure", context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[OPTION OF PYTEST]...")
def measure(words: tuple[str, ...]) -> int:
    """Measure all cases, and store the results as a session (about 17 minutes)."""
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
@click.option(
    "--threshold",
    type=Number(float),
    default=1.3,
    show_default=True,
    help="Smallest factor of a reported change.",
)
@click.option("--all", "everything", is_flag=True, help="Also show what did not change.")
def compare(sessions: tuple[Path, ...], threshold: float, everything: bool) -> int:
    """Compare two sessions, by default the last two.

    The command compares ratios to the baseline that was measured in the same session, since absolute times of different
    machines, or of one machine on different days, cannot be compared.

    Exit code 1: a ratio got worse by more than the threshold and by more than the spread of the repetitions. Cases that
    were measured only once are shown, and do not affect the exit code.
    """
    checkout()
    from varesearch_tools.benchmarks.compare import show

    return show(sessions, threshold, everything)


@command.command("page")
@click.argument("session", required=False, metavar="[SESSION.json | last]")
def page(session: str | None) -> int:
    """Write docs/benchmarks.md and its figures. If a session is named, it is first added to the data of the page."""
    checkout()
    from varesearch_tools.benchmarks.page import write

    return write(session)
