"""What a comparison shows on the terminal, within eighty columns."""

from collections.abc import Sequence
from pathlib import Path

from varesearch.comparison.effects import Effect, looked_at
from varesearch.comparison.settings import SettingDifference
from varesearch.comparison.sides import Side
from varesearch.comparison.verdict import Verdict
from varesearch.config.wording import mean_and_sd, number
from varesearch.metrics import metric_definitions
from varesearch.terminal import Terminal

_MOST_SETTINGS = 40


def show_sides(terminal: Terminal, a: Side, b: Side) -> None:
    """Which runs are compared."""
    for letter, side in (("A", a), ("B", b)):
        if len(side.records) == 1:
            terminal.line(f"{letter}  {side.first.run_id[:8]}  {side.label}")
        else:
            seeds = side.seeds
            terminal.line(f"{letter}  {len(seeds)} runs, seeds {seeds[0]} to {seeds[-1]}: {side.label}")


def show_differences(terminal: Terminal, differences: Sequence[SettingDifference]) -> None:
    """A row for each setting that is not the same."""
    rows = [(each.key, each.a, each.b, each.unit) for each in differences]
    if rows:
        terminal.table(("setting", "A", "B", "unit"), rows[:_MOST_SETTINGS])
    if len(rows) > _MOST_SETTINGS:
        terminal.line(f"and {len(rows) - _MOST_SETTINGS} more in settings.csv")


def show_effects(
    terminal: Terminal, found: Sequence[Effect], beside_verdict: bool = False, config_dir: Path | None = None
) -> None:
    """A row for each metric of each population: its values in A and B, and how far apart they are.

    Beside a verdict only the metrics that it is about; ``config_dir`` is the folder with metrics of the user's own.
    """
    known = metric_definitions(config_dir)
    hidden = {name for name, metric in known.items() if not (metric.in_verdict if beside_verdict else metric.in_tables)}
    shown = [e for e in found if e.metric not in hidden]
    sized = any(effect.size is not None for effect in found)
    head = ["metric", "A", "B", "B - A", "B / A", *(["g [95 %]"] if sized else [])]
    rows = []
    for e in shown:
        row = [e.key, mean_and_sd(e.mean_a, e.sd_a), mean_and_sd(e.mean_b, e.sd_b), number(e.difference, 3)]
        rows.append([*row, number(e.ratio, 3), *([size_of(e)] if sized else [])])
    terminal.table(head, rows, right=range(1, len(head)), gap=1 if sized else 2)


def show_verdict(terminal: Terminal, verdict: Verdict) -> None:
    """The table of what was judged, and the answer."""
    if verdict.judged:
        terminal.judged([(j.metric, j.population, j.value, j.limit, j.state.value) for j in verdict.judged])
    for why in dict.fromkeys(judged.why for judged in verdict.undecided):
        names = ", ".join(f"{j.metric} of {j.population}" for j in verdict.undecided if j.why == why)
        terminal.line(f"cannot decide: {names}: {why}")
    parting = verdict.divergence
    if parting is not None and parting.first_ms is not None:
        terminal.line(f"first difference at {parting.first_ms:g} ms, in cell {parting.first_cell}")
    terminal.line(f"{verdict.answer.value.upper()}: {verdict.reason}", style="bold")


def show_looked_at(terminal: Terminal, found: Sequence[Effect]) -> None:
    """How many metrics there were, and what that means for their intervals."""
    terminal.line(f"{looked_at(found)}; all of them are in effects.csv")


def size_of(effect: Effect) -> str:
    """``-12 [-19, -6.1]*``; a dash where there is no g."""
    if effect.size is None:
        return "–"
    g, low, high = (f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}" for value in vars(effect.size).values())
    return f"{g} [{low}, {high}]{'*' if effect.beyond_chance else ' '}"
