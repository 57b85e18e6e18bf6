"""What is compared of a run: its metrics, and the distributions of what differs from cell to cell."""

import csv
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from varesearch.comparison.effects import RunMetrics
from varesearch.config.schema import AnalysisConfig
from varesearch.metrics import UndefinedMetricError, metric_definitions, statistics
from varesearch.metrics.analysis import analyse
from varesearch.metrics.metric import MeanMetric, PopulationData, population_data
from varesearch.metrics.trains import window_trains
from varesearch.metrics.values import SOURCE
from varesearch.recording import Recording
from varesearch.tracking.record import RunRecord

log = logging.getLogger(__name__)

Samples = dict[tuple[str, str], NDArray[np.float64]]
"""(population, what) -> values; what the data do not define is left out.

``what`` is the name of a :class:`~varesearch.metrics.metric.MeanMetric` (values of cells or pairs), or
:data:`POTENTIAL` or :data:`INTERVALS`.
"""

POTENTIAL = "v"
"""Samples of the membrane potential, over cells and times, in mV."""
INTERVALS = "isi"
"""All inter-spike intervals of a population, in ms. They are drawn, not judged."""

# A smaller sample has no meaningful distribution.
_LEAST_SAMPLE = 30
# More samples of v add nothing, since neighbours in time are correlated.
_POTENTIAL_SAMPLES = 20_000
# The pairs of cells are the same for every run.
_PAIR_SEED = 0


@dataclass(frozen=True)
class RunSamples:
    """What the figures show of one run.

    ``samples`` includes :data:`INTERVALS`; ``rates_hz``: population -> its rate in each bin.
    """

    samples: Samples
    rates_hz: dict[str, NDArray[np.float64]]


def judged_metrics(config_dir: Path | None = None) -> dict[str, type[MeanMetric]]:
    """Name -> metric, of those whose distributions a verdict judges; with the user's own in ``config_dir``."""
    return {
        name: metric
        for name, metric in metric_definitions(config_dir).items()
        if issubclass(metric, MeanMetric) and metric.in_verdict
    }


def judged_samples(recording: Recording, analysis: AnalysisConfig, config_dir: Path | None = None) -> Samples:
    """The samples that a verdict judges: of :func:`judged_metrics` and of v, the warm-up discarded."""
    samples: Samples = {}
    for name, population in recording.populations.items():
        data = population_data(recording, population, analysis, _PAIR_SEED)
        for what, sample in _judged(data, config_dir):
            if len(sample) >= min(_LEAST_SAMPLE, population.size):
                samples[name, what] = sample
    return samples


def _judged(data: PopulationData, config_dir: Path | None) -> Iterator[tuple[str, NDArray[np.float64]]]:
    for name, metric in judged_metrics(config_dir).items():
        try:
            yield name, metric.values(data)
        except UndefinedMetricError as reason:
            log.info("no distribution of %s of %s: %s", name, data.population.name, reason)
    if POTENTIAL in data.population.signals:
        values = data.samples(POTENTIAL).ravel()
        if values.size and np.all(np.isfinite(values)):
            # An odd stride passes through cells and times alike.
            yield POTENTIAL, values[:: max(1, values.size // _POTENTIAL_SAMPLES) | 1].astype(np.float64)


def ks_distances(a: Samples, b: Samples) -> dict[tuple[str, str], float]:
    """Two-sample Kolmogorov-Smirnov distance of each sample that is in ``a`` or in ``b``.

    Where only one of the two has it, the distance is 1, the largest possible.

    Examples
    --------
    >>> low, high = np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])
    >>> {key: round(distance, 3) for key, distance in ks_distances({("exc", "v"): low}, {("exc", "v"): high}).items()}
    {('exc', 'v'): 0.333}
    """
    distances = {}
    for key in dict.fromkeys([*a, *b]):
        if key in a and key in b:
            result: Any = ks_2samp(a[key], b[key], method="asymp")
            distances[key] = float(result.statistic)
        else:
            distances[key] = 1.0
    return distances


def drawn_samples(recording: Recording, analysis: AnalysisConfig, config_dir: Path | None = None) -> RunSamples:
    """What the figures show of a recording."""
    samples = judged_samples(recording, analysis, config_dir)
    rates: dict[str, NDArray[np.float64]] = {}
    for name, population in recording.populations.items():
        trains = window_trains(population, recording.dt_ms, recording.duration_ms, analysis.warmup_ms)
        _, intervals = statistics.intervals_ms(trains)
        if len(intervals):
            samples[name, INTERVALS] = intervals
        whole = window_trains(population, recording.dt_ms, recording.duration_ms, 0.0)
        try:
            rates[name] = statistics.population_rate_hz(whole, analysis.rate_bin_ms)
        except UndefinedMetricError as reason:
            log.info("no population rate of %s: %s", name, reason)
    return RunSamples(samples, rates)


def metrics_of(
    record: RunRecord, plain_analysis: Mapping[str, Any], analysis: AnalysisConfig, config_dir: Path | None = None
) -> RunMetrics:
    """The stored metrics of a run, or new ones if it was analysed with other settings than those of the comparison.

    Those of sources are left out: they describe what was given, not what the models did. ``plain_analysis`` are the
    analysis settings of the comparison as plain values, ``analysis`` the same as typed settings. Raises
    ConfigurationError for a run without metrics and recording.
    """
    config = record.config()
    if record.folder is not None and same_analysis(config["analysis"], plain_analysis):
        path = record.folder / "metrics.csv"
        if path.is_file():
            with path.open(newline="") as file:
                rows = [row for row in csv.DictReader(file) if not row["population"].startswith(SOURCE)]
            keys = [(row["population"], row["metric"]) for row in rows]
            values = {key: float(row["value"]) for key, row in zip(keys, rows, strict=True) if row["value"]}
            # The file does not contain the units of undefined metrics.
            known = metric_definitions(config_dir)
            return RunMetrics(values, {key: known[key[1]].unit for key in keys if key[1] in known})
    recording = replace(record.recording(), sources={})
    found = analyse(recording, analysis, int(config["seed"]), config_dir)
    values = {(metric.population, metric.name): metric.value for metric in found.metrics}
    units = {(metric.population, metric.name): metric.unit for metric in found.metrics}
    units |= {(undefined.population, undefined.metric): undefined.unit for undefined in found.undefined}
    return RunMetrics(values, units)


def same_analysis(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two analyses give the same metrics; the format of the figures does not matter."""
    return {**one, "svg": None} == {**other, "svg": None}
