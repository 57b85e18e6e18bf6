"""What the metrics of recorded synaptic input share: its mean, and excitation beside inhibition."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.definitions import MetricDefinition, PopulationData, UndefinedMetricError
from varesearch.recording import PopulationRecording

PAIRS = (("gsyn_exc", "gsyn_inh"), ("isyn_exc", "isyn_inh"))
"""The signals of excitation and inhibition: conductances, and currents. A cell has one of the pairs."""

_BLOCK_SAMPLES = 1 << 20


def mean(data: PopulationData, signal: str) -> float:
    """Return the mean of a signal over all samples, in double precision.

    Raises UndefinedMetricError if there are none, or they are not all finite.
    """
    values = data.samples(signal)
    if values.size == 0:
        raise UndefinedMetricError("no sample after the warm-up")
    result = float(np.mean(values, dtype=np.float64))
    if not np.isfinite(result):
        raise UndefinedMetricError(f"{np.sum(~np.isfinite(values))} of {values.size} samples are not finite")
    return result


class MeanInput(MetricDefinition):
    """The mean of one recorded conductance or current. It is defined for cells that have it in its ``unit``."""

    kind: ClassVar[str]
    """What is averaged, in words."""

    def __init_subclass__(cls) -> None:
        """Complete the texts of the metric."""
        super().__init_subclass__()
        cls.what = f"{cls.kind}, mean over sampled cells and time"
        cls.how = f"all samples of {cls.signal}; needs {cls.signal} in recording.signals, in {cls.unit}"

    @classmethod
    def applies(cls, population: PopulationRecording) -> bool:
        return cls.signal in population.signals and population.signals[cls.signal].unit == cls.unit

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return mean(data, cls.signal)


def any_recorded(population: PopulationRecording) -> bool:
    """Return whether excitation or inhibition was recorded."""
    return any(signal in population.signals for pair in PAIRS for signal in pair)


def recorded_pair(population: PopulationRecording) -> tuple[str, str]:
    """Return the signals of excitation and inhibition. Raises UndefinedMetricError if one of them was not recorded."""
    pair = next(pair for pair in PAIRS if any(signal in population.signals for signal in pair))
    for signal in pair:
        if signal not in population.signals:
            raise UndefinedMetricError(f"{signal} was not recorded; it needs both in recording.signals")
    return pair


def correlations(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the Pearson correlation over time of two signals, each of shape (samples, cells), for each cell.

    NaN for a cell in which one of them does not vary. Block by block: copies in double precision would take as much
    memory as the samples, or twice as much.

    Examples
    --------
    >>> one = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
    >>> correlations(one, 5.0 - one).round(9).tolist()
    [-1.0, nan]
    """
    means = [values.mean(axis=0, dtype=np.float64) for values in (one, other)]
    sums = np.zeros((3, one.shape[1]))
    rows = max(1, _BLOCK_SAMPLES // max(1, one.shape[1]))
    for start in range(0, len(one), rows):
        x, y = (values[start : start + rows] - middle for values, middle in zip((one, other), means, strict=True))
        sums += (x * x).sum(axis=0), (y * y).sum(axis=0), (x * y).sum(axis=0)
    of_one, of_other, shared = sums
    # Rounding may move the mean of a constant off it, so that sums of squares do not tell whether a signal varies.
    varies = (one.max(axis=0) > one.min(axis=0)) & (other.max(axis=0) > other.min(axis=0))
    varies &= (of_one > 0) & (of_other > 0)
    result = np.full(one.shape[1], np.nan)
    result[varies] = shared[varies] / np.sqrt(of_one[varies]) / np.sqrt(of_other[varies])
    return result
