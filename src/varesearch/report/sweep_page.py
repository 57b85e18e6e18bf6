"""What the page of a sweep shows, read from its table and from the runs of its children."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from varesearch.config.wording import written
from varesearch.metrics import metric_definitions
from varesearch.report.origin import UserInput, given_of, origin_rows, provenance_of
from varesearch.report.run_page import Figure, MetricRow, Note, Setting, figures_of, settings_of
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
_MOST_IN_ONE_TABLE = 3
"""With more populations than this, one table of all metrics is wider than a page."""


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
    populations: list[str]
    metrics: list[MetricRow]
    numbers: dict[str, float]
    report: str
    last_output: LastOutput


@dataclass(frozen=True)
class Results:
    """A table of results: its title, the heads of its columns, and for each child, in order, their numbers."""

    title: str
    heads: list[str]
    rows: list[list[float]]


@dataclass(frozen=True)
class SweepPage:
    """All data for the template of a sweep; ``best`` is the best point of a search, ``""`` for a grid."""

    record: RunRecord
    title: str
    notes: list[Note]
    counts: dict[str, int]
    best: str
    varied: list[VariedSetting]
    figures: list[Figure]
    results: list[Results]
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
    children = _children(table, last_outputs, [] if uri is None else ["--uri", uri], config_dir)
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
        results=_results(table, config_dir),
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


def _results(table: Table, config_dir: Path | None) -> list[Results]:
    """The metrics that the figures show: in one table for a few populations, else in a table for each metric."""
    measures = measured(table, statistics(config_dir))
    times = measured(table, TIMES[:1])
    if max((len(measure.keys) for measure in measures), default=0) > _MOST_IN_ONE_TABLE:
        return [_table_of(measure.label, table, measure.keys) for measure in measures] + [
            _table_of(measure.label, table, {measure.label: measure.keys[RUN]}) for measure in times
        ]
    columns = {f"{name} {measure.label}": key for measure in measures for name, key in measure.keys.items()}
    return [_table_of("", table, columns | {measure.label: measure.keys[RUN] for measure in times})]


def _table_of(title: str, table: Table, columns: Mapping[str, str]) -> Results:
    numbers = [table.numbers(key).tolist() for key in columns.values()]
    return Results(title, list(columns), [list(row) for row in zip(*numbers, strict=True)] or [[]] * len(table.frame))


def _of_populations(values: Mapping[str, float], config_dir: Path | None) -> list[MetricRow]:
    """The metrics of the populations among the numbers of a run, each with its unit."""
    definitions = metric_definitions(config_dir)
    rows: dict[str, MetricRow] = {}
    for key, value in values.items():
        owner, _, name = key.rpartition(".")
        if owner and name in definitions:
            rows.setdefault(name, MetricRow(name, definitions[name].unit, {})).values[owner] = value
    return list(rows.values())


def _children(
    table: Table, last_outputs: Mapping[str, LastOutput], store: list[str], config_dir: Path | None
) -> list[Child]:
    columns: dict[str, list[Any]] = {name: table.values(name) for name in table.frame}
    shown_values = {key: labels_by_text(columns[key], _LONGEST_VALUE) for key in table.varied}
    children = []
    for place in range(len(table.frame)):
        cell = {name: column[place] for name, column in columns.items()}
        run_id = cell["run_id"] or ""
        values = {key: cell[key] for key in table.metrics if not math.isnan(cell[key])}
        metrics = _of_populations(values, config_dir)
        populations = list(dict.fromkeys(owner for row in metrics for owner in row.values))
        of_populations = {f"{owner}.{row.name}" for row in metrics for owner in row.values}
        children.append(
            Child(
                number=place + 1,
                anchor=f"child-{place + 1}",
                run_id=run_id,
                name=cell["name"] or "",
                status=cell["status"],
                reason=cell["reason"] or "",
                taken_over=bool(cell["taken_over"]),
                degraded=cell["degraded"] or "",
                network_hash=cell["network_hash"] or "",
                varied=[shown_values[key][written(cell[key])] for key in table.varied],
                populations=populations,
                metrics=metrics,
                numbers={key: value for key, value in values.items() if key not in of_populations},
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
