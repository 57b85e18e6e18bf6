"""Runs, sweeps and comparisons as objects that show themselves in a notebook."""

import csv
import html
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from varesearch.config.errors import ConfigurationError
from varesearch.result import Status
from varesearch.tracking.files import METRICS_FILE
from varesearch.tracking.record import RunRecord

if TYPE_CHECKING:
    import pandas as pd

    from varesearch.recording import PopulationRecording, Recording, Signal


@dataclass(frozen=True)
class Spikes:
    """The spikes of one population: cell ``ids[k]`` fired at ``times_ms[k]``; sorted by time, then cell.

    Both arrays have the shape (spikes,); ``size`` is the number of cells.
    """

    ids: NDArray[np.int32]
    times_ms: NDArray[np.float64]
    size: int

    def __len__(self) -> int:
        return len(self.ids)

    def trains(self) -> list[NDArray[np.float64]]:
        """The spike times of each cell.

        Returns
        -------
        list of arrays
            ``size`` arrays of times in ms, ascending.

        Examples
        --------
        >>> spikes = Spikes(np.array([1, 0, 1], np.int32), np.array([2.0, 3.0, 5.0]), size=3)
        >>> [train.tolist() for train in spikes.trains()]
        [[3.0], [2.0, 5.0], []]
        """
        order = np.argsort(self.ids, kind="stable")
        ends = np.cumsum(np.bincount(self.ids, minlength=self.size))
        return np.split(self.times_ms[order], ends[:-1])

    def __repr__(self) -> str:
        return f"<{len(self):,} spikes of {self.size:,} cells>"


@dataclass(frozen=True)
class Figure:
    """A figure of a run; a notebook shows it. ``path`` is its PNG file."""

    path: Path

    def _repr_png_(self) -> bytes:
        return self.path.read_bytes()

    def __repr__(self) -> str:
        return f"<figure {self.path.stem}>"


class _Stored:
    """What a run of any kind has."""

    def __init__(self, record: RunRecord) -> None:
        self.record = record

    @property
    def id(self) -> str:
        """The id in the tracking store; every command takes its first characters."""
        return self.record.run_id

    @property
    def name(self) -> str:
        """Its name in the tracking store."""
        return self.record.name

    @property
    def folder(self) -> Path:
        """Its files. Raises ConfigurationError if they are not on this machine."""
        if self.record.folder is None:
            raise ConfigurationError(
                f"run {self.id[:8]} has no files on this machine; load it with va.load({self.id!r})"
            )
        return self.record.folder

    @property
    def metrics(self) -> dict[str, float]:
        """Every number that was tracked, by name: ``exc.rate_hz``, ``phase.simulate_s``."""
        return dict(self.record.metrics)

    def figure(self, name: str) -> Figure:
        """A figure of this run.

        Parameters
        ----------
        name
            The name of its file without the ending, such as ``raster``.

        Raises
        ------
        ConfigurationError
            There is no such figure; the message lists those that there are.

        Examples
        --------
        >>> import varesearch as va
        >>> run = va.run(connectivity={"n": 50}, simulation={"duration_ms": 100}, analysis={"warmup_ms": 0})
        >>> run.figure("raster")
        <figure raster>
        """
        found = {path.stem: path for path in sorted((self.folder / "figures").glob("*.png"))}
        if name not in found:
            names = ", ".join(found) or "none"
            raise ConfigurationError(f"{name}: no such figure of run {self.id[:8]}; its figures are {names}")
        return Figure(found[name])

    def _title(self) -> str:
        return f"{type(self).__name__.lower()} {self.id[:8]} {self.name}: {self.record.status}"

    def __repr__(self) -> str:
        return f"<{self._title()}>"


class Run(_Stored):
    """A tracked run of a network."""

    @property
    def status(self) -> Status:
        """How the simulation ended: FINISHED, MAPPED or DEGRADED.

        Raises ConfigurationError for a run that did not come so far, since it failed or was interrupted.
        """
        if not self.record.result:
            raise ConfigurationError(f"run {self.id[:8]} is {self.record.status}: it has no result; choose another")
        return Status(self.record.result)

    @property
    def degraded(self) -> str:
        """Why the result is degraded, in one line; empty if it is not."""
        return self.record.why_degraded

    @property
    def network_hash(self) -> str:
        """The content hash of the simulated network."""
        return self.record.network_hash

    @cached_property
    def config(self) -> dict[str, Any]:
        """The whole configuration as plain dicts."""
        return self.record.config()

    @cached_property
    def recording(self) -> "Recording":
        """Spikes and signals as they are stored. Raises ConfigurationError if the run has none."""
        return self.record.recording()

    @property
    def spikes(self) -> dict[str, Spikes]:
        """Population -> its spikes."""
        return {name: _spikes(each) for name, each in self.recording.populations.items()}

    @property
    def sources(self) -> dict[str, Spikes]:
        """Group of sources -> its spikes, which the stimulus gave; a source may fire several times in a step."""
        return {name: _spikes(each) for name, each in self.recording.sources.items()}

    @property
    def signals(self) -> "dict[str, dict[str, Signal]]":
        """Population -> signal (``v``) -> its samples, with the cells, the times and the unit."""
        return {name: dict(each.signals) for name, each in self.recording.populations.items()}

    def _repr_html_(self) -> str:
        head, rows = _measured(self.record.folder)
        notes = [f"<b style='color:#b00'>DEGRADED: {html.escape(self.degraded)}</b>"] if self.degraded else []
        return _page(self._title(), notes, head, rows)


class Sweep(_Stored):
    """A tracked sweep: ``to_frame()`` has a row for each of its runs."""

    def to_frame(self) -> "pd.DataFrame":
        """What varied, what was measured and how each run ended, as a table."""
        from varesearch.sweeps.table import read_table

        return read_table(self.folder).frame

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        return f"<p>{html.escape(self._title())}</p>{frame.to_html(max_rows=20, max_cols=12)}"


class Comparison(_Stored):
    """A tracked comparison of two runs or sweeps."""

    @property
    def verdict(self) -> str:
        """Whether the two agree (IDENTICAL, EQUIVALENT, DIFFERENT, UNDECIDED), or that two models are not judged."""
        return self.record.verdict

    @property
    def decided_by(self) -> str:
        """What decided the verdict, in one line."""
        return self.record.decided_by

    def to_frame(self) -> "pd.DataFrame":
        """Every metric of both sides, with their difference and the size of the effect."""
        import pandas as pd

        from varesearch.comparison.storing import EFFECTS_FILE

        frame = pd.read_csv(self.folder / EFFECTS_FILE)
        return frame.fillna({"unit": ""})  # a pure number has no unit; it is not missing

    def _repr_html_(self) -> str:
        title = f"{self.name}: {self.verdict}" + (f" ({self.decided_by})" if self.decided_by else "")
        return f"<p>{html.escape(title)}</p>{self.to_frame().to_html(max_rows=40, index=False, float_format='%.4g')}"


def _spikes(population: "PopulationRecording") -> Spikes:
    return Spikes(population.spike_ids, population.spike_times_ms, population.size)


def _measured(folder: Path | None) -> tuple[list[str], Iterator[list[str]]]:
    """Head and rows of a table of ``metrics.csv``: a metric for each row, a population for each column."""
    if folder is None or not (folder / METRICS_FILE).is_file():
        return [], iter(())
    table: dict[tuple[str, str], dict[str, str]] = {}
    with (folder / METRICS_FILE).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            value = f"{float(row['value']):.4g}" if row["value"] else "undefined"
            table.setdefault((row["metric"], row["unit"]), {})[row["population"]] = value
    populations = list(dict.fromkeys(name for values in table.values() for name in values))
    rows = ([metric, *(values.get(name, "") for name in populations), unit] for (metric, unit), values in table.items())
    return ["metric", *populations, "unit"], rows


def _page(title: str, notes: Iterable[str], head: list[str], rows: Iterable[list[str]]) -> str:
    cells = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    heads = "".join(f"<th>{html.escape(each)}</th>" for each in head)
    above = "".join(f"<p>{note}</p>" for note in notes)
    return f"<p>{html.escape(title)}</p>{above}" + (f"<table><tr>{heads}</tr>{cells}</table>" if head else "")


def kind_of(record: RunRecord) -> type[_Stored]:
    """The class for a stored run."""
    return Sweep if record.is_sweep else Comparison if record.is_comparison else Run
