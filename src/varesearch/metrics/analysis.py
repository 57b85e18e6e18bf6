"""From a recording to the metrics of each population."""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import AnalysisConfig
from varesearch.metrics.metric import PopulationData, population_data, source_data
from varesearch.metrics.requested import computed_metrics
from varesearch.metrics.values import SOURCE, Metric, Undefined, UndefinedMetricError
from varesearch.recording import PopulationRecording, Recording

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Analysis:
    """The metrics of a recording, and those that it does not define, with the reason."""

    metrics: tuple[Metric, ...]
    undefined: tuple[Undefined, ...]

    def values(self) -> dict[str, float]:
        """Flat name (``exc.rate_hz``) -> value."""
        return {metric.key: metric.value for metric in self.metrics}

    def reasons(self) -> list[str]:
        """Return a line for each reason for which metrics are undefined, with the metrics and their populations.

        Examples
        --------
        >>> silent = [Undefined(name, population, "no cell fired") for name in ("fano", "cv") for population in "ab"]
        >>> Analysis((), tuple(silent)).reasons()
        ['fano, cv of a, b undefined: no cell fired']
        """
        owners: dict[tuple[str, str], list[str]] = {}
        for it in self.undefined:
            owners.setdefault((it.metric, it.reason), []).append(it.population)
        together: dict[tuple[str, str], list[str]] = {}
        for (metric, reason), populations in owners.items():
            together.setdefault((", ".join(populations), reason), []).append(metric)
        return [f"{', '.join(names)} of {who} undefined: {reason}" for (who, reason), names in together.items()]

    def sampled(self) -> list[str]:
        """Return a line for each set of metrics that were computed from samples of some cells or some steps only.

        Examples
        --------
        >>> few = [Metric("v_mean_mv", name, -60.0, "mV", f"20 of {n} cells") for name, n in (("a", 80), ("b", 80))]
        >>> Analysis(tuple(few), ()).sampled()
        ['v_mean_mv computed from 20 of 80 cells (a, b)']
        """
        metrics: dict[tuple[str, str], list[str]] = {}
        for it in self.metrics:
            if it.sampled:
                metrics.setdefault((it.population, it.sampled), []).append(it.name)
        found: dict[str, dict[str, list[str]]] = {}
        for (population, sampled), names in metrics.items():
            found.setdefault(", ".join(names), {}).setdefault(sampled, []).append(population)
        lines = []
        for names, samples in found.items():
            each = "; ".join(f"{sampled} ({', '.join(who)})" for sampled, who in samples.items())
            lines.append(f"{names} computed from {each}")
        return lines


def analyse(recording: Recording, analysis: AnalysisConfig, seed: int, config_dir: Path | None = None) -> Analysis:
    """Compute the metrics of each population, the warm-up discarded, and those of the sources, over the whole run.

    These are the metrics of every run and those that ``analysis.further`` asks for.

    Parameters
    ----------
    recording
        What was recorded.
    analysis
        How it is read.
    seed
        Determines for which pairs of cells the correlation and the distances are computed.
    config_dir
        The folder with metrics of the user's own.

    Returns
    -------
    Analysis
        A metric that the data do not define is listed and logged with the reason.

    Raises
    ------
    ConfigurationError
        Settings that do not fit the recording.
    ValueError
        A recording without populations or one that breaks its contract.
    """
    if analysis.min_isis < 2:
        raise ConfigurationError(
            f"analysis.min_isis={analysis.min_isis}: one interval has no variation; take 2 or more (5 is usual)"
        )
    if analysis.correlation_pairs < 1:
        raise ConfigurationError(f"analysis.correlation_pairs={analysis.correlation_pairs}: take 1 or more")
    if not recording.populations:
        raise ValueError("the recording holds no population")
    definitions = computed_metrics(analysis, config_dir)
    metrics: list[Metric] = []
    undefined: list[Undefined] = []
    for owner, data in _measured(recording, analysis, seed):
        for name, definition in definitions.items():
            if not definition.applies(data.population):
                continue
            if owner.startswith(SOURCE) and not definition.of_sources:
                continue
            try:
                value = float(definition.compute(data))
                if not math.isfinite(value):
                    raise UndefinedMetricError(f"its value is {value}")
            except UndefinedMetricError as reason:
                undefined.append(Undefined(name, owner, str(reason), definition.unit))
                log.warning("%s.%s is undefined: %s", owner, name, reason)
                continue
            sampled = _sampled(data.population, definition.signals(data.population), recording.dt_ms)
            metrics.append(Metric(name, owner, value, definition.unit, sampled))
    return Analysis(tuple(metrics), tuple(undefined))


def _measured(recording: Recording, analysis: AnalysisConfig, seed: int) -> Iterator[tuple[str, PopulationData]]:
    """The data of each population and of each group of sources; one after another, as those of all need much memory."""
    for name, population in recording.populations.items():
        yield name, population_data(recording, population, analysis, seed)
    for name, source in recording.sources.items():
        yield SOURCE + name, source_data(recording, source, analysis, seed)


def _sampled(population: PopulationRecording, signals: tuple[str, ...], dt_ms: float) -> str:
    """In which cells and how often signals were sampled; "" for all cells at every step, or no signals."""
    if not signals:
        return ""
    signal = population.signals[signals[0]]  # a metric of several refuses those that were sampled differently
    cells = len(signal.ids)
    words = [f"{cells:,} of {population.size:,} cells"] if cells < population.size else []
    if len(signal.times_ms) > 1:
        interval_ms = float(signal.times_ms[1] - signal.times_ms[0])
        words += [] if math.isclose(interval_ms, dt_ms, rel_tol=1e-6) else [f"every {interval_ms:g} ms"]
    return ", ".join(words)
