"""Which metrics a run has: those of every run, and those that ``analysis.further`` asks for."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from varesearch.config.checks import check_multiple, check_names, refuse
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import AnalysisConfig, SimulationConfig
from varesearch.config.wording import written
from varesearch.metrics.metric import MetricDefinition, metric_definitions


def computed_metrics(analysis: AnalysisConfig, config_dir: Path | None = None) -> Mapping[str, type[MetricDefinition]]:
    """Name -> metric, of those that an analysis computes, in the order in which they are shown.

    Raises
    ------
    ConfigurationError
        ``analysis.further`` holds a word by which no metric is asked for, or holds one twice.
    """
    known = metric_definitions(config_dir)
    if analysis.further:
        check_names("analysis.further", analysis.further, sorted(requests(config_dir)))
    return {name: metric for name, metric in known.items() if metric.on_request in ("", *analysis.further)}


def requests(config_dir: Path | None = None) -> dict[str, list[str]]:
    """Return the words that ``analysis.further`` may hold, each with the names of the metrics that it asks for."""
    found: dict[str, list[str]] = {}
    for name, metric in metric_definitions(config_dir).items():
        if metric.on_request:
            found.setdefault(metric.on_request, []).append(name)
    return found


def check_further(analysis: AnalysisConfig, run: SimulationConfig, config_dir: Path | None = None) -> None:
    """Check what a configuration asks for in ``analysis.further``, before anything is drawn.

    Raises
    ------
    ConfigurationError
        One line: an unknown word; a setting of these metrics that is no multiple of the time step or longer than the
        run; a package that is not installed.
    """
    if not analysis.further:
        return
    for metric in computed_metrics(analysis, config_dir).values():
        for name in metric.times:
            setting, time_ms = f"analysis.{name}", getattr(analysis, name)
            if time_ms is None:
                continue
            check_multiple(setting, time_ms, run.dt_ms)
            if time_ms > run.duration_ms:
                refuse(setting, time_ms, f"must be at most simulation.duration_ms={run.duration_ms:g}")
        if metric.library and find_spec(metric.library) is None:
            raise ConfigurationError(
                f"analysis.further={written(analysis.further)} needs a package that is not installed: "
                f"pip install 'varesearch[{metric.library}]'"
            )
