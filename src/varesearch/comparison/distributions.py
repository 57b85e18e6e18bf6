"""The distributions of which two runs are compared: of each population, over its cells, pairs or samples."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from varesearch.config.schema import AnalysisConfig
from varesearch.metrics import UndefinedMetricError, statistics
from varesearch.metrics.trains import bin_counts, window_trains
from varesearch.recording import PopulationRecording, Recording

STATISTICS = ("rate", "cv_isi", "correlation", "v")
"""Rate and CV of ISI over cells, Pearson correlation over pairs of cells, membrane potential over samples."""

# A distribution of fewer values says nothing.
_LEAST_SAMPLE = 30
# Samples of v beyond this many say nothing new: neighbours in time are correlated.
_V_SAMPLES = 20_000
# The pairs are drawn by place in the population, the same for every run.
_PAIR_SEED = 0


@dataclass(frozen=True)
class Distributions:
    """(population, statistic) -> sample, float64; a statistic that the data do not define is left out."""

    samples: dict[tuple[str, str], NDArray[np.float64]]


def distributions(recording: Recording, analysis: AnalysisConfig) -> Distributions:
    """The samples of :data:`STATISTICS` of each population, the warm-up discarded."""
    samples: dict[tuple[str, str], NDArray[np.float64]] = {}
    for name, population in recording.populations.items():
        for statistic in STATISTICS:
            try:
                sample = _sample(recording, population, statistic, analysis)
            except UndefinedMetricError:
                continue
            if len(sample) >= min(_LEAST_SAMPLE, population.size):
                samples[name, statistic] = sample
    return Distributions(samples)


def _sample(
    recording: Recording, population: PopulationRecording, statistic: str, analysis: AnalysisConfig
) -> NDArray[np.float64]:
    if statistic == "v":
        return _v(population, analysis)
    trains = window_trains(population, recording.dt_ms, recording.duration_ms, analysis.warmup_ms)
    if statistic == "rate":
        return statistics.rates_hz(trains)
    if statistic == "cv_isi":
        return statistics.cv_isi(trains, analysis.min_isis)
    binned = bin_counts(trains, analysis.correlation_bin_ms, "analysis.correlation_bin_ms")
    return statistics.pair_correlations(binned, analysis.correlation_pairs, np.random.default_rng(_PAIR_SEED))


def _v(population: PopulationRecording, analysis: AnalysisConfig) -> NDArray[np.float64]:
    if "v" not in population.signals:
        raise UndefinedMetricError("v was not recorded")
    signal = population.signals["v"]
    values = signal.values[signal.times_ms >= analysis.warmup_ms].ravel()
    if values.size == 0 or not np.all(np.isfinite(values)):
        raise UndefinedMetricError("no finite sample of v after the warm-up")
    # An odd stride walks through cells and times alike.
    return values[:: max(1, values.size // _V_SAMPLES) | 1].astype(np.float64)


def ks_distances(a: Distributions, b: Distributions) -> dict[tuple[str, str], float]:
    """Two-sample Kolmogorov-Smirnov distance of each statistic that either defines.

    1 where only one of the two defines it: nothing is further apart.
    """
    distances = {}
    for key in a.samples.keys() | b.samples.keys():
        if key in a.samples and key in b.samples:
            result: Any = ks_2samp(a.samples[key], b.samples[key], method="asymp")
            distances[key] = float(result.statistic)
        else:
            distances[key] = 1.0
    return distances
