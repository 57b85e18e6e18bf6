"""The results of the runs of a side: their metrics, and the distributions that the figures show."""

import csv
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.comparison.distributions import distributions
from varesearch.comparison.effects import Measured
from varesearch.config.schema import AnalysisConfig
from varesearch.metrics import UndefinedMetricError, metric_definitions, statistics
from varesearch.metrics.analysis import analyse
from varesearch.metrics.trains import window_trains
from varesearch.recording import Recording
from varesearch.tracking.read import RunRecord

log = logging.getLogger(__name__)

INTERVALS = "isi"


@dataclass(frozen=True)
class Shown:
    """What the figures show of one run.

    ``samples``: (population, statistic) -> values over cells (``rate``, ``cv_isi``), pairs (``correlation``), samples
    (``v``), and ``isi``, all intervals of the population in ms. ``rates_hz``: population -> its rate in each bin.
    """

    samples: dict[tuple[str, str], NDArray[np.float64]]
    rates_hz: dict[str, NDArray[np.float64]]


def metrics_of(record: RunRecord, measured_by: Mapping[str, Any], analysis: AnalysisConfig) -> Measured:
    """The stored metrics of a run, or new ones if it was analysed with other settings than those of the comparison.

    ``measured_by`` are the analysis settings of the comparison as plain values, ``analysis`` the same as typed
    settings. Raises ConfigurationError for a run without metrics and recording.
    """
    config = record.config()
    if record.folder is not None and same_analysis(config["analysis"], measured_by):
        path = record.folder / "metrics.csv"
        if path.is_file():
            with path.open(newline="") as file:
                rows = list(csv.DictReader(file))
            keys = [(row["population"], row["metric"]) for row in rows]
            values = {key: float(row["value"]) for key, row in zip(keys, rows, strict=True) if row["value"]}
            # The file does not contain the units of undefined metrics.
            known = metric_definitions()
            return Measured(values, {key: known[key[1]].unit for key in keys if key[1] in known})
    found = analyse(record.recording(), analysis, int(config["seed"]))
    values = {(metric.population, metric.name): metric.value for metric in found.metrics}
    units = {(metric.population, metric.name): metric.unit for metric in found.metrics}
    units |= {(undefined.population, undefined.metric): undefined.unit for undefined in found.undefined}
    return Measured(values, units)


def same_analysis(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two analyses give the same metrics; the format of the figures does not matter."""
    return {**one, "svg": None} == {**other, "svg": None}


def shown_of(recording: Recording, analysis: AnalysisConfig) -> Shown:
    """What the figures show of a recording, without the statistics that are undefined for it."""
    samples = dict(distributions(recording, analysis).samples)
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
    return Shown(samples, rates)
