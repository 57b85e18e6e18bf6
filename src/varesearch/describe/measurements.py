"""Table G: what is recorded, and what is computed from it."""

from pathlib import Path

import numpy as np

from varesearch.config.schema import Config
from varesearch.config.settings import unit_of
from varesearch.config.structure import ConfiguredPopulation
from varesearch.describe.document import Section, Table
from varesearch.describe.values import PARAMETERS, code, described, value_text
from varesearch.metrics import computed_metrics, metric_definitions
from varesearch.recording import PopulationRecording, Signal

_NOT_A_METHOD = ("svg", "further")


def measurement_section(config: Config, config_dir: Path | None = None) -> Section:
    """Return the recordings, the metrics with their definitions, and the settings of the analysis."""
    metrics = computed_metrics(config.analysis, config_dir)
    recorded = [_empty(config, population) for population in config.structure.populations.values()]
    rows = tuple(
        (code(name), metric.unit, f"{metric.what}: {metric.how}", metric.source)
        for name, metric in metrics.items()
        if any(metric.applies(population) for population in recorded)
    )
    every = {setting for metric in metric_definitions(config_dir).values() for setting in metric.times}
    unused = every.difference(*(metric.times for metric in metrics.values()))
    settings = tuple(
        (
            code(each.name),
            value_text(getattr(config.analysis, each.name)),
            unit_of(config.analysis, each.name),
            each.metadata["what"],
        )
        for each in described(config.analysis, (*_NOT_A_METHOD, *unused))
    )
    return Section(
        "G",
        "Measurements",
        (),
        (
            Table("Recordings", ("what", "of", "how"), _recordings(config)),
            Table("Metrics of each population", _METRIC, rows),
            Table("Parameters of the analysis", PARAMETERS, settings),
        ),
    )


_METRIC = ("metric", "unit", "definition", "source")


def _empty(config: Config, population: ConfiguredPopulation) -> PopulationRecording:
    """A recording without samples, which shows a metric what there will be."""
    nothing, cell = np.empty(0), type(population.cell)
    reversals = cell.synapse.reversals
    signals = {
        name: Signal(
            name,
            cell.recordables()[name],
            np.empty(0, np.int32),
            nothing,
            np.empty((0, 0)),
            nothing if name in reversals else None,
        )
        for name in config.recording.sampled(population.name, cell)
    }
    return PopulationRecording(
        population.name, population.size, np.empty(0, np.int32), nothing, signals, population.receptor
    )


def _signals(config: Config) -> list[tuple[str, tuple[str, ...]]]:
    """The populations of which signals are sampled, with the signals."""
    every = config.structure.populations.values()
    rows = [(it.name, config.recording.sampled(it.name, type(it.cell))) for it in every]
    return [row for row in rows if row[1]]


def _recordings(config: Config) -> tuple[tuple[str, str, str], ...]:
    recording, structure = config.recording, config.structure
    populations = ", ".join(map(code, structure.populations))
    rows = [("spikes", populations, "all cells, the whole run")]
    if recording.sources and structure.inputs:
        sources = dict.fromkeys(projection.pre for _, projection in structure.inputs)
        rows.append(("spikes", ", ".join(map(code, sources)), "all sources, the whole run"))
    every = config.simulation.dt_ms if recording.interval_ms is None else recording.interval_ms
    together: dict[tuple[str, str], list[str]] = {}
    for name, signals in _signals(config):
        population = structure.populations[name]
        sampled = population.size if recording.cells is None else min(recording.cells, population.size)
        cells = "all cells" if sampled == population.size else f"{sampled} of {population.size} cells"
        units = type(population.cell).recordables()
        what = ", ".join(f"{code(signal)} ({units[signal]})" for signal in signals)
        together.setdefault((what, f"{cells}, every {value_text(every)} ms"), []).append(code(name))
    rows += [(what, ", ".join(names), how) for (what, how), names in together.items()]
    return tuple(rows)
