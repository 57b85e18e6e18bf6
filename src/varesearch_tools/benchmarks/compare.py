"""Compare two benchmark sessions: ``varesearch bench compare [BEFORE AFTER]``.

Ratios to the baseline of the same session are compared, since absolute times of different machines, or of one machine
on different days, mean nothing.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from varesearch.config.errors import ConfigurationError
from varesearch.terminal import Terminal
from varesearch.tracking.location import project_root
from varesearch_tools.benchmarks.quantities import BOARD, SECONDS, times
from varesearch_tools.benchmarks.session import SESSIONS, BenchmarkSession, load_session, stored_sessions

THRESHOLD = 1.3
SHORTEST_S = 0.1
"""Shorter times are not compared: they say more about the clock and the scheduler than about the program."""

SLOWER = "SLOWER"
"""The change that makes the command fail."""


@dataclass(frozen=True)
class RatioRange:
    """Time divided by the baseline's: of the best times, and the lowest and highest that the repetitions allow.

    ``repeated``: both were measured more than once, so that the scatter is known.
    """

    best: float
    low: float
    high: float
    repeated: bool

    def __str__(self) -> str:
        return f"{self.best:.3g} ({self.low:.3g} to {self.high:.3g})"


@dataclass(frozen=True)
class Change:
    """One time of one case in two sessions."""

    key: str
    seconds: str
    before: RatioRange
    after: RatioRange

    @property
    def factor(self) -> float:
        """The ratio after over the ratio before: above 1 is slower."""
        return self.after.best / self.before.best

    def judged(self, threshold: float) -> str:
        """SLOWER or faster by more than ``threshold``, and by more than the repetitions of either session scatter.

        The scatter of what was measured once is unknown: it is ``slower once`` or ``faster once``, and proves nothing.
        """
        repeated = self.before.repeated and self.after.repeated
        if self.factor > threshold and self.after.low > self.before.high:
            return SLOWER if repeated else "slower once"
        if 1 / self.factor > threshold and self.after.high < self.before.low:
            return "faster" if repeated else "faster once"
        return ""


def changes(before: BenchmarkSession, after: BenchmarkSession) -> list[Change]:
    """Every time of every case that both sessions hold together with its baseline, the largest slowdown first.

    Raises ConfigurationError if there is none.
    """
    found = []
    for key, result in before.results.items():
        if key not in after.results or result.case.yardstick is None:
            continue
        for seconds in SECONDS:
            ranges = [_ratio_range(session, key, seconds) for session in (before, after)]
            if ranges[0] is not None and ranges[1] is not None:
                found.append(Change(key, seconds, ranges[0], ranges[1]))
    if not found:
        raise ConfigurationError(
            f"sessions {before.name} and {after.name} share no case with its baseline; compare whole sessions"
        )
    return sorted(found, key=lambda change: -change.factor)


def _ratio_range(session: BenchmarkSession, key: str, seconds: str) -> RatioRange | None:
    result = session.results[key]
    yardstick = session.results.get(result.case.yardstick or "")
    if yardstick is None:
        return None
    ours, theirs = times(result, seconds), times(yardstick, "simulate" if seconds == BOARD else seconds)
    if not ours or not theirs or min(*ours, *theirs) < SHORTEST_S:
        return None
    return RatioRange(
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
    if threshold <= 1:
        raise ConfigurationError(f"--threshold {threshold:g}: allowed is more than 1")
    before, after = (load_session(path) for path in _chosen(sessions))
    found = changes(before, after)
    terminal = Terminal(sys.stdout)
    terminal.line(f"before: {before.name}, {before.machine.get('processor')}")
    terminal.line(f"after:  {after.name}, {after.machine.get('processor')}")
    shown = [change for change in found if everything or change.judged(threshold)]
    if shown:
        terminal.line("seconds divided by those of the baseline in the same session (range over the repetitions):")
        rows = [
            (each.key, each.seconds, str(each.before), str(each.after), f"{each.factor:.2f}", each.judged(threshold))
            for each in shown
        ]
        terminal.table(("case", "time", "before", "after", "change", ""), rows, right=(2, 3, 4))
    terminal.line(f"{len(found)} ratios compared, {len(found) - len(shown)} of them not shown")
    for which, one, other in (("before", before, after), ("after", after, before)):
        if keys := [key for key in one.results if key not in other.results]:
            terminal.line(f"only {which}: {', '.join(keys)}")
    worse = [change for change in found if change.judged(threshold) == SLOWER]
    if worse:
        names = ", ".join(f"{change.key} ({change.seconds})" for change in worse)
        Terminal(sys.stderr).line(f"varesearch: slower by more than {threshold:g} times: {names}")
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
