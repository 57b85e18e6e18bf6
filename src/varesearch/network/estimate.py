"""How large a network and its recording will be, estimated before anything is drawn."""

from dataclasses import dataclass

from varesearch.config.connectivity import (
    PROJECTIONS,
    DistanceDependent,
    FixedInDegree,
    FixedProbability,
)
from varesearch.config.errors import ConfigurationError
from varesearch.config.ranges import INT32
from varesearch.config.schema import Config
from varesearch.config.stimuli import BackgroundPoisson, SpikeList, ThalamicBurst
from varesearch.network.connectors import mean_kernel

# sources, targets, delay_steps: int32; weights: float64.
BYTES_PER_SYNAPSE = 4 + 4 + 4 + 8
# float64, as most simulators hand signals over.
BYTES_PER_VALUE = 8
ASSUMED_RATE_HZ = 10.0
"""The assumed firing rate of the cells, which is not known before the run."""


@dataclass(frozen=True)
class NetworkEstimate:
    """The expected size of a network and of its recording.

    ``synapses`` maps each projection to its expected count, and ``stimulus_synapses`` is the part that belongs to the
    stimulus. ``samples`` is the number of sampled cells times that of sampled steps, and ``values`` that times the
    number of signals. ``spikes`` is the number of spikes at :data:`ASSUMED_RATE_HZ`.
    """

    cells: dict[str, int]
    synapses: dict[str, float]
    stimulus_synapses: float
    input_spikes: float
    samples: float
    values: float
    spikes: float

    @property
    def n_cells(self) -> int:
        """All cells."""
        return sum(self.cells.values())

    @property
    def n_synapses(self) -> float:
        """All expected synapses."""
        return sum(self.synapses.values())

    @property
    def network_bytes(self) -> int:
        """The drawn network as numpy arrays."""
        return int(BYTES_PER_SYNAPSE * self.n_synapses + 16 * self.n_cells + 8 * self.input_spikes)

    @property
    def recording_bytes(self) -> int:
        """The sampled signals as numpy arrays."""
        return int(BYTES_PER_VALUE * self.values)


def check_counts(config: Config) -> None:
    """Raise ConfigurationError for more synapses or input spikes than simulators can count with 32 bits."""
    size, most = estimate(config), INT32.high
    for name, count in size.synapses.items():
        if count > most:
            recurrent = name in PROJECTIONS
            setting = f"connectivity.n={config.connectivity.n}" if recurrent else f"stimulus={config.stimulus.kind}"
            raise ConfigurationError(
                f"{setting}: {name} would have about {count:.3g} synapses, more than {most}; use fewer cells"
                f"{' or synapses' if recurrent else ' or sources'}"
            )
    if size.input_spikes > most:
        raise ConfigurationError(
            f"stimulus={config.stimulus.kind}: its sources would fire about {size.input_spikes:.3g} times, more than "
            f"{most}; lower stimulus.rate_hz or shorten the stimulus"
        )


def estimate(config: Config) -> NetworkEstimate:
    """The expected size of the network of a validated configuration and of its recording."""
    wiring = config.connectivity
    cells = {"exc": wiring.n_exc, "inh": wiring.n_inh}
    synapses = {name: _recurrent(config, name, cells) for name in PROJECTIONS}
    input_spikes, input_synapses = _stimulus(config, cells)
    interval_ms = config.recording.interval_ms or config.simulation.dt_ms
    signals = len(config.recording.signals)
    recorded = sum(min(n, config.recording.cells or n) for n in cells.values()) if signals else 0
    samples = recorded * config.simulation.duration_ms / interval_ms
    return NetworkEstimate(
        cells=cells,
        synapses=synapses | input_synapses,
        stimulus_synapses=sum(input_synapses.values()),
        input_spikes=input_spikes,
        samples=samples,
        values=samples * signals,
        spikes=sum(cells.values()) * ASSUMED_RATE_HZ * config.simulation.duration_ms / 1000.0,
    )


def _recurrent(config: Config, name: str, cells: dict[str, int]) -> float:
    wiring = config.connectivity
    pre, post = name.split("_to_")
    pairs = cells[pre] * cells[post]
    if isinstance(wiring, FixedInDegree):
        return float(wiring.value_of(name, "in_degree") * cells[post])
    if pre == post and not wiring.allow_self_connections:
        pairs -= cells[pre]
    if isinstance(wiring, FixedProbability):
        return pairs * wiring.value_of(name, "p")
    assert isinstance(wiring, DistanceDependent)
    mean = mean_kernel(wiring.kernel, wiring.value_of(name, "scale_mm"), wiring.sheet_mm, wiring.periodic)
    return pairs * wiring.value_of(name, "p_max") * mean


def _stimulus(config: Config, cells: dict[str, int]) -> tuple[float, dict[str, float]]:
    """Expected input spikes, and expected synapses of each input projection."""
    stimulus = config.stimulus
    if isinstance(stimulus, ThalamicBurst):
        spikes = stimulus.n_sources * stimulus.rate_hz * _lasts_ms(stimulus, config) / 1000.0
        return spikes, {f"thalamus_to_{t}": stimulus.n_sources * cells[t] * stimulus.p for t in stimulus.targets}
    if isinstance(stimulus, SpikeList):
        spikes = float(sum(len(times) for times in stimulus.times_ms))
        return spikes, {f"input_to_{t}": len(stimulus.times_ms) * cells[t] * stimulus.p for t in stimulus.targets}
    if isinstance(stimulus, BackgroundPoisson):
        reached = sum(cells[t] for t in stimulus.targets)
        spikes = reached * stimulus.rate_hz * _lasts_ms(stimulus, config) / 1000.0
        return spikes, {f"background_{t}_to_{t}": float(cells[t]) for t in stimulus.targets}
    return 0.0, {}


def _lasts_ms(stimulus: ThalamicBurst | BackgroundPoisson, config: Config) -> float:
    """How long the stimulus lasts, which ends with the run at the latest."""
    left_ms = config.simulation.duration_ms - stimulus.start_ms
    return left_ms if stimulus.duration_ms is None else min(stimulus.duration_ms, left_ms)
