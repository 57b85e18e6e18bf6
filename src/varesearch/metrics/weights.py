"""What a recording says about the weights that learned."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from varesearch.recording import ProjectionWeights, Recording

AT_BOUND = 1e-3
"""A weight within this share of the range from its bound counts as at the bound."""


def weight_metrics(recording: Recording) -> dict[str, float]:
    """Return the numbers about the weights of each projection that learns: ``PROJECTION.NAME`` -> value.

    ``initial_mean``, ``initial_std``, ``mean`` and ``std`` are in the unit of the weights; ``at_min``, ``at_max`` and
    ``changed`` are shares of the synapses; ``drift_per_s`` is the change of the mean in a second of simulated time. A
    projection without synapses has none.

    Examples
    --------
    >>> learned = ProjectionWeights(
    ...     "inh_to_exc", "nA", np.zeros(4, np.int32), np.arange(4, dtype=np.int32), np.full(4, 1.0),
    ...     np.array([0.0, 1.0, 1.5, 2.0]), low=0.0, high=2.0,
    ... )
    >>> found = weight_metrics(Recording(1.0, 2000.0, {}, weights={"inh_to_exc": learned}))
    >>> found["inh_to_exc.mean"], found["inh_to_exc.at_max"], found["inh_to_exc.drift_per_s"]
    (1.125, 0.25, 0.0625)
    """
    return {
        f"{name}.{key}": value
        for name, weights in recording.weights.items()
        if weights.final.size
        for key, value in _numbers(weights, recording.duration_ms / 1000.0)
    }


def _numbers(weights: ProjectionWeights, duration_s: float) -> Iterator[tuple[str, float]]:
    initial, final = weights.initial, weights.final
    near = AT_BOUND * (weights.high - weights.low)
    yield "initial_mean", float(initial.mean())
    yield "initial_std", _std(initial)
    yield "mean", float(final.mean())
    yield "std", _std(final)
    yield "at_min", float(np.mean(final <= weights.low + near))
    yield "at_max", float(np.mean(final >= weights.high - near))
    yield "changed", float(np.mean(final != initial))
    yield "drift_per_s", float(final.mean() - initial.mean()) / duration_s


def _std(values: NDArray[np.float64]) -> float:
    """The standard deviation; exactly 0 of equal values, whose mean may be rounded."""
    return float(values.std()) if values.max() > values.min() else 0.0


def weight_lines(recording: Recording) -> list[str]:
    """Return a line for each projection that learned, for the terminal."""
    numbers = weight_metrics(recording)
    return [
        f"weights of {name} ({weights.unit}): {numbers[f'{name}.initial_mean']:.4g} "
        f"± {numbers[f'{name}.initial_std']:.2g} before, {numbers[f'{name}.mean']:.4g} ± {numbers[f'{name}.std']:.2g} "
        f"after; {numbers[f'{name}.at_min']:.1%} at {weights.low:g}, {numbers[f'{name}.at_max']:.1%} at "
        f"{weights.high:g}"
        for name, weights in recording.weights.items()
        if weights.final.size
    ]
