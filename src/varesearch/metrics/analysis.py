"""From a recording to the metrics of each population."""

import logging
import math
from dataclasses import dataclass
from pathlib import Path

from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import AnalysisConfig
from varesearch.metrics.metric import metric_definitions, population_data, source_data
from varesearch.metrics.values import SOURCE, Metric, Undefined, UndefinedMetricError
from varesearch.recording import Recording

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Analysis:
    """The metrics of a recording, and those that it does not define, with the reason."""

    metrics: tuple[Metric, ...]
    undefined: tuple[Undefined, ...]

    def values(self) -> dict[str, float]:
        """Flat name (``exc.rate_hz``) -> value."""
        return {metric.key: metric.value for metric in self.metrics}


def analyse(recording: Recording, analysis: AnalysisConfig, seed: int, config_dir: Path | None = None) -> Analysis:
    """Compute every metric of each population, the warm-up discarded, and those of the sources, over the whole run.

    Parameters
    ----------
    recording
        What was recorded.
    analysis
        How it is read.
    seed
        Determines which pairs of cells the correlation is computed for.
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
    metrics: list[Metric] = []
    undefined: list[Undefined] = []
    measured = [(name, population_data(recording, it, analysis, seed)) for name, it in recording.populations.items()]
    measured += [(SOURCE + name, source_data(recording, it, analysis, seed)) for name, it in recording.sources.items()]
    for owner, data in measured:
        for name, definition in metric_definitions(config_dir).items():
            if definition.signal and definition.signal not in data.population.signals:
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
            metrics.append(Metric(name, owner, value, definition.unit))
    return Analysis(tuple(metrics), tuple(undefined))
