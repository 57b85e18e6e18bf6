"""Output on the terminal during a run: a heading, a progress bar, a table at the end. Other output is in the log."""

import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from varesearch.config.addresses import redact
from varesearch.phases import PhaseTime

# Without a terminal (as in the log of a batch job), progress is shown by lines at this interval instead of a bar.
_LINE_EVERY_S = 30.0
_GAP = 2
"""Characters between two columns of metrics."""


class Terminal:
    """Writes to ``stream``, which is the real terminal even while the output of simulators goes to the log."""

    def __init__(self, stream: TextIO) -> None:
        width = None if stream.isatty() else 100
        # In a notebook rich would ignore the stream and write into the cell that is being executed.
        self._console = Console(file=stream, highlight=False, soft_wrap=True, width=width, force_jupyter=False)

    def line(self, text: str, style: str | None = None) -> None:
        """Print one line; credentials in addresses are replaced by stars."""
        self._console.print(escape(redact(text)), style=style)

    @contextmanager
    def progress(self, what: str, total: float, unit: str = "ms") -> Iterator[Callable[[float], None]]:
        """Show a bar up to ``total``; call the yielded function with the part of it that is done."""
        if not self._console.is_terminal:
            yield self._progress_lines(what, total, unit)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=40),
            TextColumn("{task.completed:.0f}/{task.total:.0f} " + unit + ", time left"),
            TimeRemainingColumn(),
        )
        # By default rich prints what simulators write to sys.stdout and sys.stderr above the bar, not in the log.
        with Progress(
            *columns, console=self._console, transient=True, redirect_stdout=False, redirect_stderr=False
        ) as bar:
            task = bar.add_task(what, total=total)
            yield lambda done: bar.update(task, completed=done)

    def _progress_lines(self, what: str, total: float, unit: str) -> Callable[[float], None]:
        last = begin = time.monotonic()

        def report(done: float) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= _LINE_EVERY_S:
                last = now
                left = f", about {(now - begin) * (total - done) / done:.0f} s left" if done > 0 else ""
                self.line(f"{what} {done:.0f}/{total:.0f} {unit}{left}")

        return report

    @contextmanager
    def waiting(self, text: str) -> Iterator[Callable[[str], None]]:
        """Show a line while something is being done; the yielded function replaces its text.

        Nothing is shown without a terminal.
        """
        if not self._console.is_terminal:
            yield lambda _text: None
            return
        with self._console.status(escape(text)) as status:
            yield lambda text: status.update(escape(text))

    def metrics(self, populations: Sequence[str], rows: Iterable[tuple[str, str, Mapping[str, float]]]) -> None:
        """Print a row for each metric (name, unit, value by population), with a column for each population.

        Populations that do not fit beside one another follow in further tables.
        """
        shown = [
            (name, unit, {it: _number(values[it]) if it in values else "-" for it in populations})
            for name, unit, values in rows
        ]
        widths = {it: max(len(it), *(len(cells[it]) for _, _, cells in shown)) for it in populations} if shown else {}
        beside = sum(max((len(it[k]) for it in shown), default=0) for k in (0, 1)) + _GAP
        for group in _fitting(widths, self._console.width - beside):
            table = Table(box=None, pad_edge=False, header_style="bold")
            table.add_column("metric")
            for population in group:
                table.add_column(population, justify="right")
            table.add_column("unit")
            for name, unit, cells in shown:
                table.add_row(escape(name), *(cells[it] for it in group), escape(unit))
            self._console.print(table)

    def table(
        self, head: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[int] = (), gap: int = 2
    ) -> None:
        """Print texts in columns under their heads; texts that are too wide are wrapped, not cut.

        The columns with the indices in ``right`` are right-aligned; ``gap`` is the space between columns.
        """
        rows = list(rows)
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        if sum(widths) + gap * (len(widths) - 1) > self._console.width:
            # Break dotted names into one line for each part, since the heads take most of the width.
            head = [heading.replace(".", ".\n") for heading in head]
        # Rows of wrapped texts begin on one line, unless headings of several lines are to end on one.
        vertical = "bottom" if any("\n" in heading for heading in head) else "top"
        table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
        for column, heading in enumerate(head):
            justify = "right" if column in right else "left"
            table.add_column(escape(heading), overflow="fold", vertical=vertical, justify=justify)
        for row in rows:
            table.add_row(*map(escape, row))
        self._console.print(table)

    def numbers(self, values: Mapping[str, float]) -> None:
        """Print a row with name and value for each number."""
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column("name")
        table.add_column("value", justify="right")
        for name, value in values.items():
            table.add_row(escape(name), _number(value))
        self._console.print(table)

    def judged(self, rows: Iterable[tuple[str, str, float, float, str]]) -> None:
        """Print a row for each metric: population, value, limit, and state (bold unless it is "within")."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("metric", "population"):
            table.add_column(heading)
        for heading in ("value", "limit"):
            table.add_column(heading, justify="right")
        table.add_column("")
        for metric, population, value, limit, state in rows:
            shown = escape(state) if state == "within" else f"[bold]{escape(state)}[/bold]"
            table.add_row(escape(metric), escape(population), _number(value), _number(limit), shown)
        self._console.print(table)

    def phases(self, times: Mapping[str, PhaseTime]) -> None:
        """Print the wall time of each phase in s on one line."""
        self.line("  ".join(f"{name} {t.wall_s:.2f}" for name, t in times.items()) + "  (s)", style="dim")


def _fitting(widths: Mapping[str, int], room: int) -> list[list[str]]:
    """Divide columns into groups that are no wider than ``room``, of about as many columns each.

    Examples
    --------
    >>> _fitting({"a": 6, "b": 6, "c": 6}, 20)
    [['a', 'b'], ['c']]
    """
    names = list(widths)
    for groups in range(1, len(names) + 1):
        size = -(-len(names) // groups)
        divided = [names[k : k + size] for k in range(0, len(names), size)]
        if all(sum(widths[it] + _GAP for it in group) <= room for group in divided):
            return divided
    return [[name] for name in names]


def _number(value: float) -> str:
    """Write integers in full, other numbers with four significant digits, and NaN as a dash."""
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e12 else f"{value:.4g}"
