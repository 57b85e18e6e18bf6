"""Two sessions side by side: ``varesearch bench compare [BEFORE AFTER]``.

What is compared are ratios to the baseline measured in the same session, since absolute times of different machines,
or of one machine on different days, mean nothing.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from varesearch.config.errors import ConfigurationError
from varesearch.terminal import Terminal
from varesearch.tracking.root import STORE_FOLDER, project_root
from varesearch_tools.benchmarks.quantities import BOARD, SECONDS, times
from varesearch_tools.benchmarks.session import Session, load_session, stored_sessions

THRESHOLD = 1.3
SHORTEST_S = 0.1
"""Times below this are not compared: they are the clock's and the scheduler's, not the program's."""

SLOWER = "SLOWER"
"""The verdict that fails."""

SESSIONS = Path(STORE_FOLDER) / "benchmarks"
"""Where sessions are stored, below the project's root."""


@dataclass(frozen=True)
class Span:
    """A ratio to the yardstick: of the best times, and the least and greatest that the repetitions allow.

    ``repeated``: both were measured more than once, so that the scatter is known.
    """

    best: float
    low: float
    high: float
    repeated: bool


@dataclass(frozen=True)
class Row:
    """One case and one of its times, in two sessions."""

    key: str
    seconds: str
    before: Span
    after: Span

    @property
    def change(self) -> float:
        """The ratio after over the ratio before: above 1 is slower."""
        return self.after.best / self.before.best

    def verdict(self, threshold: float) -> str:
        """SLOWER or faster by more than ``threshold``, and by more than the repetitions of either session scatter.

        What was measured once scatters as it likes: it is ``slower once`` or ``faster once``, and proves nothing.
        """
        repeated = self.before.repeated and self.after.repeated
        if self.change > threshold and self.after.low > self.before.high:
            return SLOWER if repeated else "slower once"
        if 1 / self.change > threshold and self.after.high < self.before.low:
            return "faster" if repeated else "faster once"
        return ""


@dataclass(frozen=True)
class Comparison:
    """``only_before`` and ``only_after`` are cases that the other session lacks."""

    rows: tuple[Row, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]


def compare(before: Session, after: Session) -> Comparison:
    """Every time of every case that both sessions hold together with its yardstick.

    Raises ConfigurationError if there is none.
    """
    rows = []
    for key, result in before.results.items():
        if key not in after.results or result.case.yardstick is None:
            continue
        for seconds in SECONDS:
            spans = [_span(session, key, seconds) for session in (before, after)]
            if spans[0] is not None and spans[1] is not None:
                rows.append(Row(key, seconds, spans[0], spans[1]))
    if not rows:
        raise ConfigurationError(
            f"sessions {before.name} and {after.name} share no case with its baseline; compare whole sessions"
        )
    return Comparison(
        tuple(rows),
        tuple(key for key in before.results if key not in after.results),
        tuple(key for key in after.results if key not in before.results),
    )


def _span(session: Session, key: str, seconds: str) -> Span | None:
    result = session.results[key]
    yardstick = session.results.get(result.case.yardstick or "")
    if yardstick is None:
        return None
    ours, theirs = times(result, seconds), times(yardstick, "simulate" if seconds == BOARD else seconds)
    if not ours or not theirs or min(*ours, *theirs) < SHORTEST_S:
        return None
    return Span(
        min(ours) / min(theirs), min(ours) / max(theirs), max(ours) / min(theirs), min(len(ours), len(theirs)) > 1
    )


def show(sessions: Sequence[Path], threshold: float = THRESHOLD, everything: bool = False) -> int:
    """Compare two sessions and show what changed; the exit code: 1 if a ratio got worse.

    Parameters
    ----------
    sessions
        Two files; none: the last two that are stored.
    threshold
        The factor from which on a change counts.
    everything
        Show what did not change, too.

    Raises
    ------
    ConfigurationError
        There are no such sessions, or they share no case.
    """
    errors = Terminal(sys.stderr)
    if threshold <= 1:
        raise ConfigurationError(f"--threshold {threshold:g}: allowed is more than 1")
    before, after = (load_session(path) for path in _chosen(sessions))
    comparison = compare(before, after)
    worse = [row for row in comparison.rows if row.verdict(threshold) == SLOWER]
    _show(Terminal(sys.stdout), before, after, comparison, threshold, everything)
    if worse:
        names = ", ".join(f"{row.key} ({row.seconds})" for row in worse)
        errors.line(f"varesearch: slower by more than {threshold:g} times: {names}")
    return 1 if worse else 0


def _chosen(named: Sequence[Path]) -> Sequence[Path]:
    if len(named) == 2:
        return named
    if named:
        raise ConfigurationError(f"{len(named)} sessions are named: name two, or none for the last two")
    stored = stored_sessions(project_root() / SESSIONS)
    if len(stored) < 2:
        raise ConfigurationError(f"{stored[0].name} is the only stored session; measure another with make bench")
    return stored[-2:]


def _show(
    terminal: Terminal, before: Session, after: Session, comparison: Comparison, threshold: float, everything: bool
) -> None:
    terminal.line(f"before: {before.name}, {before.machine.get('processor')}")
    terminal.line(f"after:  {after.name}, {after.machine.get('processor')}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("case", "time", "before", "after", "change", ""):
        table.add_column(column, justify="left" if column in ("case", "time", "") else "right", no_wrap=True)
    shown = 0
    for row in sorted(comparison.rows, key=lambda row: -row.change):
        verdict = row.verdict(threshold)
        if verdict or everything:
            shown += 1
            table.add_row(row.key, row.seconds, _told(row.before), _told(row.after), f"{row.change:.2f}", verdict)
    if shown:
        terminal.line("seconds over those of the baseline in the same session (and what the repetitions allow):")
        Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160).print(table)
    terminal.line(f"{len(comparison.rows)} ratios compared, {len(comparison.rows) - shown} of them not shown")
    for which, keys in (("before", comparison.only_before), ("after", comparison.only_after)):
        if keys:
            terminal.line(f"only {which}: {', '.join(keys)}")


def _told(span: Span) -> str:
    return f"{span.best:.3g} ({span.low:.3g} to {span.high:.3g})"
