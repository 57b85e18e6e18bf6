"""Lists of synapses in files: CSV, npz, and SONATA's edges. Every fault is one line that names the file and the row."""

import csv
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from varesearch.config.checks import MOST_DELAY_STEPS
from varesearch.config.errors import ConfigurationError
from varesearch.config.files import input_path
from varesearch.config.listed import Listed
from varesearch.config.projection import Given, ProjectionSettings, Synapses
from varesearch.config.wording import did_you_mean, shortened
from varesearch.narrowing import int32

IDS = ("source", "target")
VALUES = ("weight", "delay_ms")
"""The columns that may be left out; the settings then give the weights or the delays."""

SONATA_NAMES = {"weight": ("weight", "syn_weight"), "delay_ms": ("delay",)}
"""What SONATA calls them; its delays are in ms, too. ``weight`` is that of a network that varesearch exported."""


@dataclass(frozen=True)
class _Table:
    """The columns of a list, and how a row is called in messages: ``line 3``."""

    columns: Mapping[str, NDArray[Any]]
    row: Callable[[int], str]


@dataclass(frozen=True)
class ListFile:
    """The list of the synapses of one projection in a file, which may hold those of others besides.

    Attributes
    ----------
    setting, file
        The setting that names the file, with which every message begins, and the name.
    edges_setting, edges
        The same for the edge population in a file of SONATA; None: that of the projection, or the only one.
    name, pre, post, pre_size, post_size
        Those of the projection.
    """

    setting: str
    file: str
    edges_setting: str
    edges: str | None
    name: str
    pre: str
    post: str
    pre_size: int
    post_size: int

    @classmethod
    def of(cls, projection: ProjectionSettings) -> "ListFile":
        """Return the list that a projection names."""
        given = projection.given
        return cls(
            *(given["file"].key, given["file"].value, given["edges"].key, given["edges"].value),
            *(projection.name, projection.pre, projection.post, projection.pre_size, projection.post_size),
        )

    def synapses(self) -> Synapses:
        """Return the synapses, sorted; raise ConfigurationError for a row that cannot be one."""
        columns = self._table().columns
        # Also by weight and delay: the order of the rows in the file is then no content of the network.
        order = np.lexsort([columns[name] for name in reversed((*IDS, *VALUES)) if name in columns])
        source, target = (int32(columns[name][order], f"{name}s of synapses") for name in IDS)
        values = (columns[name][order].astype(np.float64) if name in columns else None for name in VALUES)
        return Synapses(source, target, *values)

    def count(self) -> int:
        """Return the number of synapses."""
        return self._summary().rows

    def given(self) -> dict[str, Given]:
        """Return the weights and the delays, of those columns that the file has."""
        ranges = self._summary().ranges
        return {name: Given(self.setting, Listed(self.file, name, *reach), True) for name, reach in ranges.items()}

    def check_delays(self, dt_ms: float) -> None:
        """Raise ConfigurationError for the first row whose delay is below a step, or longer than any simulator's."""
        shortest, longest, _ = self._summary().ranges.get("delay_ms", (dt_ms, dt_ms, dt_ms))
        least, most_ms = (1.0 - 1e-9) * dt_ms, MOST_DELAY_STEPS * dt_ms
        if least <= shortest and longest <= most_ms:
            return
        table = self._table()
        delays = table.columns["delay_ms"]
        step = f"must be at least one step, simulation.dt_ms={dt_ms:g}"
        self._check_rows(table, "delay_ms", delays >= least, step)
        self._check_rows(
            table, "delay_ms", delays <= most_ms, f"must be at most {MOST_DELAY_STEPS} steps ({most_ms:g} ms)"
        )

    def _table(self) -> _Table:
        """The rows of the file, all of which can be synapses at some time step."""
        path = input_path(self.setting, self.file)
        readers = {".csv": self._read_csv, ".npz": self._read_npz, ".h5": self._read_sonata}
        read = readers.get(path.suffix.lower())
        if read is None:
            self._refuse(f"must end in {', '.join(readers)} (columns, arrays, or edges of SONATA)")
        table = read(path)
        self._check(table)
        return table

    def _summary(self) -> "_Summary":
        """What is known of the file before the network is drawn; it is read once for each of its states."""
        state = input_path(self.setting, self.file).stat()
        return _summary(self, state.st_mtime_ns, state.st_size)

    def _refuse(self, why: str) -> NoReturn:
        raise ConfigurationError(f"{self.setting}={self.file} {why}")

    def _refuse_row(self, row: str, why: str) -> NoReturn:
        raise ConfigurationError(f"{self.setting}={self.file}, {row}: {why}")

    def _check(self, table: _Table) -> None:
        """Refuse the first row with a cell that does not exist, or a weight or delay that no synapse has."""
        sizes = {"source": (self.pre, self.pre_size), "target": (self.post, self.post_size)}
        for name, (population, size) in sizes.items():
            ids = table.columns[name]
            whole = np.isfinite(ids) & (ids == np.rint(ids))
            self._check_rows(table, name, whole, "is not a whole number")
            self._check_rows(
                table, name, (ids >= 0) & (ids < size), f"is not a cell of {population}; allowed are 0 to {size - 1}"
            )
        if "weight" in table.columns:
            weights = table.columns["weight"]
            self._check_rows(table, "weight", np.isfinite(weights), "is not a finite number")
            negative = "is negative; weights are magnitudes, the receptor of the projection gives the sign"
            self._check_rows(table, "weight", weights >= 0, negative)
        if "delay_ms" in table.columns:
            delays = table.columns["delay_ms"]
            self._check_rows(table, "delay_ms", np.isfinite(delays), "is not a finite number")
            self._check_rows(table, "delay_ms", delays > 0, "must be greater than 0")

    def _check_rows(self, table: _Table, name: str, good: NDArray[np.bool_], why: str) -> None:
        if not good.all():
            row = int(np.argmin(good))
            self._refuse_row(table.row(row), f"{name}={table.columns[name][row]:.12g} {why}")

    def _check_header(self, found: list[str], what: str) -> None:
        """Refuse columns that are missing, unknown or there twice."""
        for name in found:
            if name not in (*IDS, *VALUES):
                hint = did_you_mean(name, (*IDS, *VALUES))
                self._refuse(f"has the {what} {shortened(name, 40)!r}; allowed are {', '.join((*IDS, *VALUES))}{hint}")
            if found.count(name) > 1:
                self._refuse(f"has the {what} {name} twice")
        for name in IDS:
            if name not in found:
                self._refuse(f"has no {what} {name}; it needs source and target, and may have weight and delay_ms")

    def _read_csv(self, path: Path) -> _Table:
        """Columns under a header, separated by commas."""
        import pandas as pd

        try:
            names = [name.strip() for name in next(self._lines(path), (1, []))[1]]
        except (UnicodeDecodeError, csv.Error):
            self._refuse("is no text file in UTF-8; write CSV with the header source,target,weight,delay_ms")
        self._check_header(names, "column")
        try:
            with warnings.catch_warnings():
                # Where all rows are longer than the header pandas leaves out the rest, with a warning.
                warnings.simplefilter("error")
                frame = pd.read_csv(
                    path, header=0, names=names, index_col=False, dtype=np.float64, encoding="utf-8-sig"
                )
        except (ValueError, OverflowError, Warning):
            self._refuse_csv(path, names)
        columns = {name: frame[name].to_numpy() for name in names}
        if any(np.isnan(values).any() for values in columns.values()):
            self._refuse_csv(path, names)
        return _Table(columns, lambda row: f"line {self._line_of(path, row)}")

    def _refuse_csv(self, path: Path, names: list[str]) -> NoReturn:
        """Refuse the first line that is no row; pandas says neither which nor why in words of ours."""
        try:
            rows = list(self._rows(path))
        except (UnicodeDecodeError, csv.Error):
            self._refuse("is no text file in UTF-8 throughout; write CSV")
        for number, cells in rows:
            if len(cells) != len(names):
                self._refuse_row(f"line {number}", f"has {len(cells)} values; the header names {len(names)}")
            for name, cell in zip(names, cells, strict=True):
                try:
                    if np.isfinite(float(cell)):
                        continue
                except ValueError:
                    pass
                self._refuse_row(f"line {number}", f"{name}={shortened(cell.strip(), 40)!r} is not a finite number")
        self._refuse("cannot be read as CSV; write a header and rows of numbers, separated by commas")

    def _lines(self, path: Path) -> Iterator[tuple[int, list[str]]]:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            for cells in reader:
                if cells:
                    yield reader.line_num, cells

    def _rows(self, path: Path) -> Iterator[tuple[int, list[str]]]:
        lines = self._lines(path)
        next(lines, None)
        return lines

    def _line_of(self, path: Path, row: int) -> int:
        return next(number for index, (number, _) in enumerate(self._rows(path)) if index == row)

    def _read_npz(self, path: Path) -> _Table:
        """Arrays ``source``, ``target`` and so on, or ``PROJECTION.source`` where a file holds several projections."""
        prefix = f"{self.name}."
        try:
            with np.load(path, allow_pickle=False) as data:
                own = [name for name in data.files if name.startswith(prefix)]
                names = own or [name for name in data.files if "." not in name]
                self._check_header([name.removeprefix(prefix) for name in names], "array")
                columns = {name.removeprefix(prefix): data[name] for name in names}
        except ConfigurationError:
            raise
        except (OSError, ValueError, EOFError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error):
            self._refuse("is no npz file of numbers; write it by numpy.savez(FILE, source=..., target=...)")
        for name, values in columns.items():
            if values.dtype.kind not in "iuf" or values.ndim != 1:
                self._refuse(f"array {name} must be a row of numbers, not {values.dtype} of shape {values.shape}")
            if len(values) != len(columns["source"]):
                self._refuse(f"array {name} has {len(values)} values, and source has {len(columns['source'])}")
        return _Table(columns, lambda row: f"row {row} (the first is 0)")

    def _read_sonata(self, path: Path) -> _Table:
        """An edge population, by the library of the format."""
        try:
            import libsonata
        except ImportError:
            self._refuse("is read by libsonata, which is not installed: pip install 'varesearch[sonata]'")
        try:
            storage = libsonata.EdgeStorage(str(path))
            population = storage.open_population(self._population_of(sorted(storage.population_names)))
            every = population.select_all()
            columns = {"source": population.source_nodes(every), "target": population.target_nodes(every)}
            for name, theirs in SONATA_NAMES.items():
                found = next((each for each in theirs if each in population.attribute_names), None)
                if found is not None:
                    columns[name] = np.asarray(population.get_attribute(found, every), dtype=np.float64)
        except ConfigurationError:
            raise
        # HDF5's own exceptions reach Python as several kinds.
        except (libsonata.SonataError, RuntimeError, OSError, ValueError, TypeError) as error:
            self._refuse(f"cannot be read as SONATA edges ({shortened(' '.join(str(error).split()), 150)})")
        return _Table(columns, lambda row: f"edge {row} (the first is 0)")

    def _population_of(self, names: list[str]) -> str:
        """The name of the edge population that the projection takes."""
        if self.edges is None and len(names) == 1:
            return names[0]
        wanted = self.edges or self.name
        if wanted not in names:
            known = ", ".join(names) or "none"
            self._refuse(f"has no edge population {wanted}; it has {known}: name one by {self.edges_setting}")
        return wanted


@dataclass(frozen=True)
class _Summary:
    """The number of rows, and of each column of :data:`VALUES` that is there its least, greatest and mean number."""

    rows: int
    ranges: Mapping[str, tuple[float, float, float]]


@lru_cache(maxsize=64)
def _summary(of: ListFile, _mtime_ns: int, _size: int) -> _Summary:
    columns = of._table().columns
    rows = len(columns["source"])
    there = {name: columns[name] for name in VALUES if name in columns and rows}
    return _Summary(rows, {name: (float(x.min()), float(x.max()), float(x.mean())) for name, x in there.items()})
