"""The results of a sweep as one table with a row for each child: what varied, what was measured, how it ended."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import Config
from varesearch.config.settings import unit_of_key
from varesearch.config.wording import written
from varesearch.sweeps.jobs import FINISHED, Outcome

CSV_FILE = "results.csv"
PARQUET_FILE = "results.parquet"
STATE_COLUMNS = ("status", "reason", "run_id", "name", "network_hash", "taken_over", "degraded")
"""The columns that every table ends with.

``status`` is that of MLflow, or SKIPPED for a child that was not begun. ``reason`` says in one line why a child is not
FINISHED, ``degraded`` what a back end found wrong with its own result (null: nothing), and ``taken_over`` whether the
run was made by an earlier sweep or command.
"""

_METADATA = b"varesearch.results"


@dataclass(frozen=True)
class Table:
    """The table: ``frame`` has the columns ``varied``, ``metrics``, then :data:`STATE_COLUMNS`.

    ``varied`` is swept key -> unit (``""`` for a pure number or a name). A column whose values are all numbers is
    numeric, any other text as it is written on the command line. A metric that a child does not have is NaN.
    ``receptors`` is population -> the receptor that its synapses act on in all children, which gives it its colour.
    """

    frame: pd.DataFrame
    varied: dict[str, str]
    metrics: tuple[str, ...]
    receptors: dict[str, str] = field(default_factory=dict)

    @property
    def finished(self) -> NDArray[np.bool_]:
        """Which rows have results, of shape (children,)."""
        return np.array([status == FINISHED for status in self.values("status")], dtype=bool)

    def values(self, column: str) -> list[Any]:
        """A column as plain values, None where there is none."""
        return [None if value is pd.NA else value for value in self.frame[column].tolist()]

    def numbers(self, metric: str) -> NDArray[np.float64]:
        """A metric of every child, of shape (children,); NaN where a child does not have it."""
        return np.asarray(self.frame[metric], dtype=np.float64)


def units_of(config: Config, keys: Iterable[str]) -> dict[str, str]:
    """Key -> unit of each swept key, from the settings of any one child; ``""`` for a group or a pure number."""
    return {key: unit_of_key(config, key) for key in keys}


def _shared_units(children: Sequence[Outcome]) -> dict[str, str]:
    """The unit of each swept key; ``""`` if it differs between children, as that of a weight does between cells."""
    each = [units_of(child.job.composed.config, child.job.varied) for child in children]
    return {key: unit if all(units[key] == unit for units in each) else "" for key, unit in each[0].items()}


def _shared_receptors(children: Sequence[Outcome]) -> dict[str, str]:
    """Population -> the receptor that its synapses act on; "" if it differs between children."""
    found: dict[str, set[str]] = {}
    for child in children:
        for name, receptor in child.job.composed.config.structure.acts_on.items():
            found.setdefault(name, set()).add(receptor)
    return {name: next(iter(kinds)) if len(kinds) == 1 else "" for name, kinds in found.items()}


def results_table(children: Sequence[Outcome]) -> Table:
    """The table of a sweep's children, in their order. Raises ValueError without a child."""
    if not children:
        raise ValueError("a sweep without children has no results")
    units = _shared_units(children)
    # In the order in which they are first met, which is the order in which they are measured.
    metrics = tuple(dict.fromkeys(key for child in children for key in child.metrics))
    columns: dict[str, Any] = {key: _column([child.job.varied[key] for child in children]) for key in units}
    columns |= {key: [child.metrics.get(key, float("nan")) for child in children] for key in metrics}
    states = {
        "status": [child.state for child in children],
        "reason": [child.reason for child in children],
        "run_id": [child.run_id for child in children],
        "name": [child.name for child in children],
        "network_hash": [child.network_hash for child in children],
        "taken_over": [child.taken_over for child in children],
        "degraded": [child.degraded or None for child in children],
    }
    for column in STATE_COLUMNS:
        columns[column] = pd.array(states[column], dtype="boolean" if column == "taken_over" else "string")
    return Table(pd.DataFrame(columns), units, metrics, _shared_receptors(children))


def write_table(table: Table, folder: Path) -> list[Path]:
    """Write ``results.csv`` and ``results.parquet`` into ``folder``; return the files.

    A unit that a key does not carry in its name stands in the head of the CSV (``cell.d [mV/ms]``); Parquet has the
    bare keys as columns and the units in its metadata. Numbers read back as the same numbers.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    csv_file, parquet_file = folder / CSV_FILE, folder / PARQUET_FILE
    table.frame.rename(columns={key: heading(key, table.varied.get(key, "")) for key in table.frame}).to_csv(
        csv_file, index=False
    )
    arrow = pa.Table.from_pandas(table.frame, preserve_index=False)
    note = json.dumps({"varied": table.varied, "metrics": table.metrics, "receptors": table.receptors}).encode()
    pq.write_table(arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), _METADATA: note}), parquet_file)
    return [csv_file, parquet_file]


def read_table(folder: Path) -> Table:
    """The table that :func:`write_table` left in ``folder``. Raises ConfigurationError if there is none to read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        arrow = pq.read_table(folder / PARQUET_FILE)
        note = json.loads((arrow.schema.metadata or {})[_METADATA])
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise ConfigurationError(f"{folder.name}: holds no results of a sweep ({PARQUET_FILE}: {error})") from error
    return Table(arrow.to_pandas(), note["varied"], tuple(note["metrics"]), note.get("receptors", {}))


def heading(key: str, unit: str) -> str:
    """The head of a column: the key with its unit, unless the key ends with it.

    Examples
    --------
    >>> heading("cell.d", "mV/ms"), heading("connectivity.delay_ms", "ms")
    ('cell.d [mV/ms]', 'connectivity.delay_ms')
    """
    ending = unit.lower().replace("/", "_")
    return key if not unit or key.lower().endswith(f"_{ending}") else f"{key} [{unit}]"


def _column(values: list[Any]) -> Any:
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        return values
    return pd.array([written(value) for value in values], dtype="string")
