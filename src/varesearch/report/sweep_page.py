"""What the page of a sweep shows, read from its table and from the runs of its children."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from varesearch.config.wording import written
from varesearch.report.origin import UserInput, given_of, origin_rows, provenance_of
from varesearch.report.run_page import Figure, Note, Setting, figures_of, settings_of
from varesearch.report.sources import LastOutput, folder_of, tail
from varesearch.shell import command
from varesearch.sweeps.jobs import FINISHED
from varesearch.sweeps.labels import labels_by_text, level_labels
from varesearch.sweeps.measures import RUN, TIMES, measured, statistics
from varesearch.sweeps.table import Table, heading
from varesearch.tracking.files import LOG_FILE
from varesearch.tracking.record import RunRecord

_MOST_VALUES = 12
"""If there are more values than this, they are summarised."""
_LONGEST_VALUE = 60


@dataclass(frozen=True)
class VariedSetting:
    """A setting that varies: its key, the key with its unit, and a summary of its values."""

    key: str
    label: str
    values: str


@dataclass(frozen=True)
class Child:
    """One row of the results.

    ``anchor`` is the section of the run on this page, ``report`` the command that writes a page of its own.
    """

    number: int
    anchor: str
    run_id: str
    name: str
    status: str
    reason: str
    taken_over: bool
    degraded: str
    network_hash: str
    varied: list[str]
    shown: list[float]
    metrics: dict[str, float]
    report: str
    last_output: LastOutput


@dataclass(frozen=True)
class SweepPage:
    """All data for the template of a sweep.

    ``best`` is the best point of a search, ``""`` for a grid; ``columns`` are the heads of a child's ``shown`` numbers.
    """

    record: RunRecord
    title: str
    notes: list[Note]
    counts: dict[str, int]
    best: str
    varied: list[VariedSetting]
    figures: list[Figure]
    columns: list[str]
    children: list[Child]
    comparisons: list[RunRecord]
    given: UserInput
    provenance: list[tuple[str, str]]
    versions: dict[str, str]
    settings: dict[str, list[Setting]]
    log: str

    @property
    def failures(self) -> list[Child]:
        """The children without results that were begun."""
        return [child for child in self.children if child.status not in (FINISHED, "SKIPPED")]


def sweep_page(
    record: RunRecord,
    table: Table,
    verdicts: list[RunRecord],
    last_outputs: Mapping[str, LastOutput],
    uri: str | None = None,
    config_dir: Path | None = None,
) -> SweepPage:
    """Collect the content of the page of a sweep.

    Parameters
    ----------
    record
        The run of the sweep.
    table
        Its results, one row for each child.
    verdicts
        The comparisons in which its children take part.
    last_outputs
        Id of each unfinished child -> the end of its log, and its traceback.
    uri
        The store, if it is not the project's; it is named in the commands that the page shows.
    config_dir
        The folder with the user's own parts.

    Raises
    ------
    ConfigurationError
        The files of the sweep are not on this machine, or cannot be read.
    """
    folder = folder_of(record)
    origin, versions = provenance_of(folder)
    # Each command that went on with the sweep has a log of its own.
    logs = [path for path in (folder / LOG_FILE, *folder.glob("resumed-*.log")) if path.is_file()]
    shown = _shown_metrics(table)
    children = _children(table, list(shown.values()), last_outputs, [] if uri is None else ["--uri", uri])
    counts = dict(Counter(child.status for child in children))
    if any(child.taken_over for child in children):
        counts["taken over"] = sum(child.taken_over for child in children)
    networks = {child.network_hash for child in children if child.network_hash}
    if networks:
        counts["networks drawn"] = len(networks)
    return SweepPage(
        record=record,
        title=record.name,
        notes=_notes(record, children, origin),
        counts=counts,
        best=record.best,
        varied=[_varied_setting(key, unit, table) for key, unit in table.varied.items()],
        figures=figures_of(folder, config_dir),
        columns=list(shown),
        children=children,
        comparisons=verdicts,
        given=given_of(record),
        provenance=origin_rows(origin),
        versions=versions,
        settings=settings_of(record, [], config_dir),
        log=tail(max(logs, key=lambda path: path.stat().st_mtime)) if logs else "",
    )


def _varied_setting(key: str, unit: str, table: Table) -> VariedSetting:
    values = list(dict.fromkeys(table.values(key)))
    labels = level_labels(values, _LONGEST_VALUE)
    if len(values) <= _MOST_VALUES:
        summary = ", ".join(labels)
    elif all(isinstance(value, int | float) for value in values):
        low, high = (labels[values.index(end(values))] for end in (min, max))
        summary = f"{len(values)} values from {low} to {high}"
    else:
        summary = f"{', '.join(labels[:_MOST_VALUES])}, … ({len(values)} values)"
    return VariedSetting(key, heading(key, unit), summary)


def _shown_metrics(table: Table) -> dict[str, str]:
    """Return column heading -> metric, for the metrics that the figures show."""
    columns = {}
    for measure in measured(table, statistics()):
        columns |= {f"{population} {measure.label}": key for population, key in measure.keys.items()}
    for measure in measured(table, TIMES[:1]):
        columns[measure.label] = measure.keys[RUN]
    return columns


def _children(table: Table, shown: list[str], last_outputs: Mapping[str, LastOutput], store: list[str]) -> list[Child]:
    columns: dict[str, list[Any]] = {name: table.values(name) for name in table.frame}
    shown_values = {key: labels_by_text(columns[key], _LONGEST_VALUE) for key in table.varied}
    children = []
    for row in range(len(table.frame)):
        cell = {name: values[row] for name, values in columns.items()}
        run_id = cell["run_id"] or ""
        children.append(
            Child(
                number=row + 1,
                anchor=f"child-{row + 1}",
                run_id=run_id,
                name=cell["name"] or "",
                status=cell["status"],
                reason=cell["reason"] or "",
                taken_over=bool(cell["taken_over"]),
                degraded=cell["degraded"] or "",
                network_hash=cell["network_hash"] or "",
                varied=[shown_values[key][written(cell[key])] for key in table.varied],
                shown=[cell[key] for key in shown],
                metrics={key: cell[key] for key in table.metrics if not math.isnan(cell[key])},
                report=command("report", run_id[:8], *store),
                last_output=last_outputs.get(run_id, LastOutput("", "")),
            )
        )
    return children


def _notes(record: RunRecord, children: list[Child], origin: Mapping[str, Any]) -> list[Note]:
    notes = []
    unfinished = [child for child in children if child.status != FINISHED]
    if unfinished:
        states = Counter(child.status for child in unfinished)
        listed = ", ".join(f"{count} {state}" for state, count in states.items())
        notes.append(Note(f"{len(unfinished)} of {len(children)} runs have no results: {listed}", grave=True))
    if record.why_ended:
        notes.append(Note(f"The sweep is {record.status}: {record.why_ended}", grave=True))
    degraded = [child for child in children if child.degraded]
    if degraded:
        text = f"{len(degraded)} of {len(children)} runs are DEGRADED; their reasons are with them below"
        notes.append(Note(text, grave=True))
    if origin.get("dirty"):
        notes.append(
            Note(f"The code differed from commit {str(origin.get('commit'))[:8]}: see uncommitted.diff.", grave=False)
        )
    return notes
