"""Read the spikes of sources from a file: CSV, or arrays of numpy."""

import csv
import io
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.config.errors import ConfigurationError

COLUMNS = ("source", "time_ms")


@dataclass(frozen=True)
class FileSpikes:
    """Spikes as they stand in a file: source ``sources[k]`` fires at ``times_ms[k]``; ``where(k)`` says where that is.

    ``size`` is the number of sources: as the file says, or the largest number of a source and one.
    """

    path: str
    size: int
    sources: NDArray[np.int64]
    times_ms: NDArray[np.float64]
    lines: NDArray[np.int64] | None

    def where(self, index: int) -> str:
        """Return the file and the place of a spike in it."""
        place = f"spike {index}" if self.lines is None else f"line {self.lines[index]}"
        return f"{self.path}, {place}"


def read_spikes(path: str, name: str) -> FileSpikes:
    """Return the spikes in a file.

    Parameters
    ----------
    path
        The file. One that ends in .npz holds the arrays ``sources`` and ``times_ms``, or is the recording of a run, of
        which ``name`` is taken. Any other is a table (CSV) with a head and the columns source and time_ms.
    name
        A population or a group of sources of a recording; "" for other files.

    Raises
    ------
    ConfigurationError
        The file cannot be read, or a row is wrong.
    """
    file = Path(path)
    try:
        stamp = file.stat()
    except OSError as error:
        raise _refused(path, f"cannot be read ({error.strerror}); it is looked for in {Path.cwd()}") from None
    return _read(path, name, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=4)
def _read(path: str, name: str, _changed_ns: int, _size: int) -> FileSpikes:
    """Read a file once for all questions about it, and again if it has changed."""
    if path.endswith(".npz"):
        return _from_arrays(path, name)
    if name:
        raise ConfigurationError(
            f"stimulus.population={name}: {path} is a table; a population is taken of a recording.npz"
        )
    return _from_table(path)


def _from_table(path: str) -> FileSpikes:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(path, f"cannot be read as text ({error}); write CSV, or arrays as .npz") from None
    rows = csv.reader(io.StringIO(text), skipinitialspace=True)
    head = [cell.strip() for cell in next(rows, [])]
    if not set(COLUMNS) <= set(head):
        raise _refused(
            path, f"begins with {','.join(head) or 'nothing'}; its first line must name {', '.join(COLUMNS)}"
        )
    columns = [head.index(column) for column in COLUMNS]
    sources, times, lines = [], [], []
    for row in rows:
        if not "".join(row).strip():
            continue
        if len(row) != len(head):
            raise _refused(f"{path}, line {rows.line_num}", f"has {len(row)} values, not {len(head)} as the first line")
        sources.append(_source(row[columns[0]], path, rows.line_num))
        times.append(_time(row[columns[1]], path, rows.line_num))
        lines.append(rows.line_num)
    if not sources:
        raise _refused(path, "holds no spike")
    found = np.array(sources, np.int64)
    return FileSpikes(path, int(found.max()) + 1, found, np.array(times), np.array(lines, np.int64))


def _source(text: str, path: str, line: int) -> int:
    try:
        source = int(text)
    except ValueError:
        source = -1
    if not 0 <= source < 2**31 - 1:
        raise _refused(f"{path}, line {line}", f"has source={text}, which is not a whole number from 0 on")
    return source


def _time(text: str, path: str, line: int) -> float:
    try:
        time_ms = float(text)
    except ValueError:
        time_ms = np.nan
    if not np.isfinite(time_ms):
        raise _refused(f"{path}, line {line}", f"has time_ms={text}, which is not a number")
    return time_ms


def _from_arrays(path: str, name: str) -> FileSpikes:
    try:
        with np.load(path, allow_pickle=False) as data:
            sources, times_ms, size = _arrays(data, path, name)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise _refused(path, f"cannot be read as arrays of numpy ({' '.join(str(error).split())})") from None
    if sources.ndim != 1 or sources.shape != times_ms.shape:
        raise _refused(
            path, f"has sources {sources.shape} and times {times_ms.shape}; both must have one shape (spikes,)"
        )
    if not np.issubdtype(sources.dtype, np.integer) or not np.issubdtype(times_ms.dtype, np.number):
        raise _refused(
            path, f"has sources of {sources.dtype} and times of {times_ms.dtype}; whole numbers and numbers it is"
        )
    if not sources.size:
        raise _refused(path, "holds no spike")
    bad = np.flatnonzero((sources < 0) | ~np.isfinite(times_ms) | (sources >= 2**31 - 1))
    if bad.size:
        raise _refused(
            f"{path}, spike {bad[0]}", f"has source {sources[bad[0]]} at {times_ms[bad[0]]} ms; sources count from 0 on"
        )
    return FileSpikes(path, max(size, int(sources.max()) + 1), sources.astype(np.int64), times_ms.astype(float), None)


def _arrays(data: Any, path: str, name: str) -> tuple[NDArray[Any], NDArray[Any], int]:
    if "populations" in data.files:  # a recording of varesearch
        known = [*data["populations"].tolist(), *(data["sources"].tolist() if "sources" in data.files else [])]
        if name not in known:
            raise ConfigurationError(
                f"stimulus.population={name or 'null'}: {path} is a recording of {', '.join(known)}; name one of them"
            )
        return data[f"{name}.spike_ids"], data[f"{name}.spike_steps"] * float(data["dt_ms"]), int(data[f"{name}.size"])
    if not {"sources", "times_ms"} <= set(data.files):
        raise _refused(path, f"holds {', '.join(data.files) or 'no array'}; it must hold sources and times_ms")
    if name:
        raise ConfigurationError(f"stimulus.population={name}: {path} is no recording of varesearch; leave it out")
    return data["sources"], data["times_ms"], 0


def _refused(what: str, why: str) -> ConfigurationError:
    return ConfigurationError(f"stimulus.file={what} {why}")
