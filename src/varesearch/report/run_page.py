"""What the page of one run shows, read from its files and its record."""

import base64
import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from varesearch.backends import backends
from varesearch.config.errors import ConfigurationError
from varesearch.config.plain import single_settings
from varesearch.config.restore import restore
from varesearch.config.settings import unit_of_key
from varesearch.config.wording import written
from varesearch.metrics import Analysis, Metric, Undefined
from varesearch.metrics.values import SOURCE
from varesearch.report.methods import Methods, methods_of
from varesearch.report.origin import UserInput, belongs_to, given_of, origin_rows, provenance_of
from varesearch.report.sources import folder_of, tail
from varesearch.tracking.files import CONFIG_FILE, LOG_FILE, TRACEBACK_FILE
from varesearch.tracking.record import RunRecord

_FIGURES_OF_SEVERAL_RUNS = ("search", "statistics", "times", "metrics", "rasters", "divergence")


@dataclass(frozen=True)
class Figure:
    """A figure: its name, and the picture as a data URI for the page."""

    name: str
    source: str


@dataclass(frozen=True)
class Note:
    """A remark at the top of the page; ``grave`` if results are missing or in doubt."""

    text: str
    grave: bool


@dataclass(frozen=True)
class MetricRow:
    """One metric: population -> value, where it is defined."""

    name: str
    unit: str
    values: dict[str, float]


@dataclass(frozen=True)
class Setting:
    """One value of the configuration; ``given``: by the user, on the command line."""

    key: str
    value: str
    unit: str
    given: bool


@dataclass(frozen=True)
class RunPage:
    """All data for the template of a run."""

    record: RunRecord
    title: str
    notes: list[Note]
    figures: list[Figure]
    populations: list[str]
    metrics: list[MetricRow]
    sources: list[str]
    of_sources: list[MetricRow]
    remarks: list[str]
    numbers: dict[str, float]
    phases: list[dict[str, str]]
    comparisons: list[RunRecord]
    given: UserInput
    belongs: str
    methods: Methods
    settings: dict[str, list[Setting]]
    provenance: list[tuple[str, str]]
    versions: dict[str, str]
    main_versions: list[tuple[str, str]]
    made_with: dict[str, str]
    log: str
    traceback: str

    @property
    def repeats(self) -> bool:
        """Whether this run repeats another one."""
        return bool(self.record.rerun_of)


def run_page(record: RunRecord, verdicts: list[RunRecord], config_dir: Path | None = None) -> RunPage:
    """Collect the content of the page. Raises ConfigurationError for a run without files on this machine."""
    folder = folder_of(record)
    populations, metrics, remarks = _metrics(folder / "metrics.csv")
    known = {f"{population}.{row.name}" for row in metrics for population in row.values}
    numbers = {key: value for key, value in record.metrics.items() if key not in known and not key.startswith("phase.")}
    origin, versions = provenance_of(folder)
    given = given_of(record)
    return RunPage(
        record=record,
        title=record.name,
        notes=notes_of(record, origin),
        figures=figures_of(folder, config_dir),
        populations=[name for name in populations if not name.startswith(SOURCE)],
        metrics=[row for row in metrics if not row.values or not all(name.startswith(SOURCE) for name in row.values)],
        sources=[name.removeprefix(SOURCE) for name in populations if name.startswith(SOURCE)],
        of_sources=_of_sources(metrics),
        remarks=remarks,
        numbers=numbers,
        phases=rows_of(folder / "phases.csv"),
        comparisons=verdicts,
        given=given,
        belongs=belongs_to(record),
        methods=methods_of(record, config_dir),
        settings=settings_of(record, given.overrides, config_dir),
        provenance=origin_rows(origin),
        versions=versions,
        main_versions=[(name, versions[name]) for name in _main_packages(config_dir) if name in versions],
        made_with=record.made_with,
        log=tail(folder / LOG_FILE) if record.status != "FINISHED" else "",
        traceback=tail(folder / TRACEBACK_FILE, lines=200),
    )


def _main_packages(config_dir: Path | None) -> list[str]:
    simulators = [backend.distribution.lower() for backend in backends(config_dir).values()]
    return ["python", "varesearch", *filter(None, simulators), "pynn", "numpy", "scipy", "mlflow"]


def figures_of(folder: Path, config_dir: Path | None = None) -> list[Figure]:
    """Return the figures of a run in the order of their definitions, then those whose definition is not known."""
    from varesearch.plots.figure import figure_definitions

    order = (*_FIGURES_OF_SEVERAL_RUNS, *figure_definitions(config_dir))

    def place(path: Path) -> tuple[int, str]:
        name = path.stem.rstrip("0123456789").rstrip("_")
        return (order.index(name) if name in order else len(order), path.stem)

    pictures = sorted((folder / "figures").glob("*.png"), key=place)
    return [
        Figure(path.stem, f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}") for path in pictures
    ]


def settings_of(
    record: RunRecord, overrides: Iterable[str], config_dir: Path | None = None
) -> dict[str, list[Setting]]:
    """Return the settings of each group, those in ``overrides`` first; {} for a run without a stored configuration."""
    if record.folder is None or not (record.folder / CONFIG_FILE).is_file():
        return {}
    resolved = record.config()
    try:
        config: Any = restore(resolved, config_dir=config_dir)
    except ConfigurationError:
        # A part of the user's own, a run of another version, or the settings that the runs of a sweep share: units are
        # not known, and the values are shown without them.
        config = None
    given = {override.partition("=")[0].lstrip("+~") for override in overrides}
    groups: dict[str, list[Setting]] = {}
    for key, value in single_settings(resolved):
        group = key.partition(".")[0] if "." in key else "run"
        own = any(key == name or key.startswith(f"{name}.") for name in given if "." in name or "." not in key)
        groups.setdefault(group, []).append(Setting(key, written(value), unit_of_key(config, key), own))
    # What was given comes first, in every group.
    return {group: sorted(rows, key=lambda row: not row.given) for group, rows in groups.items()}


def notes_of(record: RunRecord, origin: Mapping[str, Any]) -> list[Note]:
    """Return what the reader of any kind of page must not miss."""
    notes = []
    if record.status != "FINISHED":
        why = record.why_ended
        notes.append(Note(f"{record.status}{': ' if why else ''}{why}", grave=True))
    if record.why_degraded:
        notes.append(Note(f"DEGRADED: {record.why_degraded}", grave=True))
    if record.warnings:
        notes.append(Note(f"Warning: {record.warnings}", grave=True))
    if record.is_mapping:
        notes.append(Note("MAPPED: the network was only placed on a machine, nothing was simulated", grave=True))
    if record.timing:
        notes.append(Note(f"The machine's times are {record.timing}.", grave=False))
    if origin.get("dirty"):
        text = f"The code differed from commit {str(origin.get('commit'))[:8]}: see uncommitted.diff of the run."
        notes.append(Note(text, grave=False))
    return notes


def _metrics(path: Path) -> tuple[list[str], list[MetricRow], list[str]]:
    """The populations, their metrics, and remarks on values that are undefined or from few samples."""
    populations: list[str] = []
    rows: dict[str, MetricRow] = {}
    metrics: list[Metric] = []
    undefined: list[Undefined] = []
    for line in rows_of(path):
        name, population = line["metric"], line["population"]
        row = rows.setdefault(name, MetricRow(name, line["unit"], {}))
        if population not in populations:
            populations.append(population)
        if line["value"]:
            row.values[population] = float(line["value"])
            # Earlier versions did not write how signals were sampled.
            metrics.append(Metric(name, population, float(line["value"]), line["unit"], line.get("sampled") or ""))
        else:
            undefined.append(Undefined(name, population, line["undefined because"]))
    found = Analysis(tuple(metrics), tuple(undefined))
    return populations, list(rows.values()), [*found.sampled(), *found.reasons()]


def _of_sources(metrics: Sequence[MetricRow]) -> list[MetricRow]:
    """The metrics that groups of sources have, with their names alone."""
    found = []
    for row in metrics:
        values = {name.removeprefix(SOURCE): it for name, it in row.values.items() if name.startswith(SOURCE)}
        found += [MetricRow(row.name, row.unit, values)] if values else []
    return found


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file; [] if it does not exist. Raises ConfigurationError if it cannot be read."""
    if not path.is_file():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except (ValueError, csv.Error, OSError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None
