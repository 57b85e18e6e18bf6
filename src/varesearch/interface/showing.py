"""What a notebook or script sees while a run goes on: a progress bar, and nothing else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from varesearch.terminal import Terminal
from varesearch.tracking.log import LogCapture


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook. IPython is not imported."""
    shell = sys.modules.get("IPython")
    kernel = getattr(shell.get_ipython(), "kernel", None) if shell is not None else None
    return kernel is not None


class Quiet(Terminal):
    """Shows progress; what a command would print is in the log of the run and in the objects that are returned."""

    def __init__(self, capture: LogCapture) -> None:
        super().__init__(capture.errors)
        self._console.quiet = not self._console.is_terminal or in_notebook()

    def line(self, text: str, style: str | None = None) -> None:
        """Print nothing."""

    @contextmanager
    def progress(self, what: str, total: float, unit: str = "ms") -> Iterator[Callable[[float], None]]:
        """A bar over ``total``: IPython's own in a notebook, otherwise that of a terminal, if there is one."""
        if not in_notebook():
            with super().progress(what, total, unit) as report:
                yield report
            return
        from IPython.display import ProgressBar  # type: ignore[import-not-found]

        bar = ProgressBar(total)
        bar.display()

        def report_to_bar(done: float) -> None:
            bar.progress = min(done, total)

        yield report_to_bar
        bar.progress = total

    def metrics(self, populations: object, rows: object) -> None:
        """Print nothing."""

    def numbers(self, values: object) -> None:
        """Print nothing."""

    def phases(self, times: object) -> None:
        """Print nothing."""

    def table(self, head: object, rows: object, right: object = (), gap: int = 2) -> None:
        """Print nothing."""

    def judged(self, rows: object) -> None:
        """Print nothing."""
