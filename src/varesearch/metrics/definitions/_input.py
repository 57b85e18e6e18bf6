"""What the metrics of recorded synaptic input share: its mean, and excitation beside inhibition."""

from dataclasses import dataclass
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


class MeanConductance(MetricDefinition):
    """The mean of one recorded conductance, of cells that have it in its ``unit``."""

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


class MeanCurrent(MetricDefinition):
    """The mean current through one kind of synapses, of cells that have it in its ``unit``.

    It is positive where the synapses do what they are called: into the cell through excitatory, out of it through
    inhibitory ones. Of cells with currents it is the mean of what was recorded. Of cells with conductances it is
    computed from the conductance and v of each sample.
    """

    kind: ClassVar[str]
    """What is averaged, in words."""
    current: ClassVar["SynapticCurrent"]

    def __init_subclass__(cls) -> None:
        """Complete the texts of the metric."""
        super().__init_subclass__()
        given, conductance = cls.current.signal, cls.current.conductance
        unit = next(each for each, product in _TIMES_MV.items() if product == cls.unit)
        cls.what = f"{cls.kind}, mean over sampled cells and time"
        cls.how = (
            f"all samples of {given} in {cls.unit} or, of conductances in {unit}, of {cls.current.formula}; needs "
            f"{given}, or both {conductance} and v, in recording.signals"
        )

    @classmethod
    def applies(cls, population: PopulationRecording) -> bool:
        return cls.current.unit_in(population) == cls.unit

    @classmethod
    def signals(cls, population: PopulationRecording) -> tuple[str, ...]:
        return cls.current.signals_in(population)

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return cls.current.mean(data)


_TIMES_MV = {"µS": "nA", "1/ms": "mV/ms"}
"""The unit of a conductance -> that of its current, for a driving force in mV."""


@dataclass(frozen=True)
class SynapticCurrent:
    """The current through one kind of synapses: as it was recorded, or from its conductance and v.

    Attributes
    ----------
    signal, conductance
        The names of the recorded signals.
    formula
        What is computed from the conductance.
    sign
        Of (reversal potential - v): 1 for excitation, -1 for inhibition.
    """

    signal: str
    conductance: str
    formula: str
    sign: int

    def signals_in(self, population: PopulationRecording) -> tuple[str, ...]:
        """Return the recorded signals that give the current; () if it is not known."""
        recorded = population.signals
        if self.signal in recorded:
            return (self.signal,)
        if self.conductance in recorded and "v" in recorded and recorded[self.conductance].reversal_mv is not None:
            return (self.conductance, "v")
        return ()

    def unit_in(self, population: PopulationRecording) -> str:
        """Return the unit of the current; "" if it is not known."""
        found = self.signals_in(population)
        if not found:
            return ""
        unit = population.signals[found[0]].unit
        return unit if found == (self.signal,) else _TIMES_MV.get(unit, "")

    def mean(self, data: PopulationData) -> float:
        """Return the mean over all samples, in double precision.

        Raises UndefinedMetricError if there are none, they are not all finite, or v was not sampled with the
        conductance.
        """
        found = self.signals_in(data.population)
        if found == (self.signal,):
            return mean(data, self.signal)
        conductance, v = (data.population.signals[name] for name in found)
        if not (np.array_equal(conductance.ids, v.ids) and np.array_equal(conductance.times_ms, v.times_ms)):
            raise UndefinedMetricError(f"v was not sampled in the same cells and steps as {self.conductance}")
        reversal = conductance.reversal_mv
        assert reversal is not None
        for name in found:
            mean(data, name)  # samples that are finite
        values, potentials = data.samples(self.conductance), data.samples("v")
        rows, total = max(1, _BLOCK_SAMPLES // max(1, values.shape[1])), 0.0
        for start in range(0, len(values), rows):
            block = slice(start, start + rows)
            total += float(np.sum(values[block] * (reversal - potentials[block]), dtype=np.float64))
        return self.sign * total / values.size


EXCITATION = SynapticCurrent("isyn_exc", "gsyn_exc", "gsyn_exc (e_rev_E - v)", 1)
INHIBITION = SynapticCurrent("isyn_inh", "gsyn_inh", "gsyn_inh (v - e_rev_I)", -1)


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


class FromInput(MetricDefinition):
    """A number about excitation beside inhibition, defined where one of them was recorded."""

    @classmethod
    def applies(cls, population: PopulationRecording) -> bool:
        return any_recorded(population)

    @classmethod
    def signals(cls, population: PopulationRecording) -> tuple[str, ...]:
        return recorded_pair(population)
