"""From a recording to the metrics of each population."""

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import AnalysisConfig
from varesearch.metrics import statistics
from varesearch.metrics.definitions import DEFINITIONS, RATE_PERCENTILES, Metric, Undefined, UndefinedMetricError
from varesearch.metrics.trains import Trains, bin_counts, window_trains
from varesearch.recording import PopulationRecording, Recording

log = logging.getLogger(__name__)

_BLOCK_SAMPLES = 1 << 20


@dataclass(frozen=True)
class Analysis:
    """What was measured and, with reasons, what could not be."""

    metrics: tuple[Metric, ...]
    undefined: tuple[Undefined, ...]

    def values(self) -> dict[str, float]:
        """Flat name (``exc.rate_hz``) -> value."""
        return {metric.key: metric.value for metric in self.metrics}


def analyse(recording: Recording, analysis: AnalysisConfig, seed: int) -> Analysis:
    """The metrics of :data:`.DEFINITIONS` for each population, the warm-up discarded.

    ``seed`` determines which pairs of cells the correlation is taken over. A metric that the data do not define is
    listed with its reason, and logged, instead of having a value. Raises ConfigurationError for settings that do not
    fit the recording, and ValueError for a recording without populations or one that breaks its contract.
    """
    if analysis.min_isis < 2:
        raise ConfigurationError(
            f"analysis.min_isis={analysis.min_isis}: one interval has no variation; take 2 or more (5 is usual)"
        )
    if analysis.correlation_pairs < 1:
        raise ConfigurationError(f"analysis.correlation_pairs={analysis.correlation_pairs}: take 1 or more")
    if not recording.populations:
        raise ValueError("the recording holds no population")
    metrics: list[Metric] = []
    undefined: list[Undefined] = []
    for name, population in recording.populations.items():
        for metric, compute in _computations(recording, population, analysis, seed):
            try:
                value = float(compute())
            except UndefinedMetricError as reason:
                undefined.append(Undefined(metric, name, str(reason)))
                log.warning("%s.%s is undefined: %s", name, metric, reason)
                continue
            metrics.append(Metric(metric, name, value, DEFINITIONS[metric].unit))
    return Analysis(tuple(metrics), tuple(undefined))


def correlation_rng(seed: int, population: str) -> np.random.Generator:
    """The generator that draws a population's pairs: its own, whatever other populations there are."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(population.encode())))


def _computations(
    recording: Recording, population: PopulationRecording, analysis: AnalysisConfig, seed: int
) -> Iterator[tuple[str, Callable[[], float | np.floating]]]:
    trains = window_trains(population, recording.dt_ms, recording.duration_ms, analysis.warmup_ms)
    rates = statistics.rates_hz(trains)
    yield "spike_count", lambda: float(len(trains.ids))
    yield "rate_hz", rates.mean
    yield "rate_std_hz", partial(_rate_std, rates)
    for percent, value in zip(RATE_PERCENTILES, np.percentile(rates, RATE_PERCENTILES), strict=True):
        yield f"rate_p{percent:02d}_hz", partial(float, value)
    yield "silent_fraction", lambda: float(np.mean(trains.counts == 0))
    yield "cv_isi", lambda: statistics.cv_isi(trains, analysis.min_isis).mean()
    yield "local_variation", lambda: statistics.local_variation(trains, analysis.min_isis).mean()
    yield "fano_factor", partial(_fano_factor, trains, analysis)
    yield "correlation", partial(_correlation, trains, analysis, correlation_rng(seed, population.name))
    yield "synchrony", lambda: statistics.synchrony(bin_counts(trains, analysis.rate_bin_ms, "analysis.rate_bin_ms"))
    if "v" in population.signals:
        yield "v_mean_mv", partial(_v, population, analysis, _mean)
        yield "v_std_mv", partial(_v, population, analysis, _std)


def _rate_std(rates: np.ndarray) -> float:
    if len(rates) < 2:
        raise UndefinedMetricError("one cell has no spread over cells")
    return rates.std()


def _fano_factor(trains: Trains, analysis: AnalysisConfig) -> float:
    binned = bin_counts(trains, analysis.fano_window_ms, "analysis.fano_window_ms")
    return statistics.fano_factors(binned).mean()


def _correlation(trains: Trains, analysis: AnalysisConfig, rng: np.random.Generator) -> float:
    binned = bin_counts(trains, analysis.correlation_bin_ms, "analysis.correlation_bin_ms")
    return statistics.pair_correlations(binned, analysis.correlation_pairs, rng).mean()


def _v(population: PopulationRecording, analysis: AnalysisConfig, reduce: Callable[[np.ndarray], float]) -> float:
    values = population.signals["v"].after(analysis.warmup_ms)
    if values.size == 0:
        raise UndefinedMetricError("no sample after the warm-up")
    with np.errstate(invalid="ignore"):
        value = reduce(values)
    if not np.isfinite(value):
        raise UndefinedMetricError(f"{np.sum(~np.isfinite(values))} of {values.size} samples are not finite")
    return value


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values, dtype=np.float64))


def _std(values: np.ndarray) -> float:
    """The standard deviation in double precision, block by block: numpy's own would allocate as much as the samples."""
    mean, rows = np.float64(_mean(values)), max(1, _BLOCK_SAMPLES // max(1, values.shape[1]))
    squares = (np.square(values[k : k + rows] - mean).sum(dtype=np.float64) for k in range(0, len(values), rows))
    return math.sqrt(math.fsum(squares) / values.size)
