"""How large a network and its recording will be, estimated before anything is drawn."""

from dataclasses import dataclass

from varesearch.config.errors import ConfigurationError
from varesearch.config.ranges import INT32
from varesearch.config.schema import Config

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
    recurrent_names = {each.name for each in config.connectivity.projections()}
    for name, count in size.synapses.items():
        if count > most:
            recurrent = name in recurrent_names
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
    wiring, stimulus, around = config.connectivity, config.stimulus, config.surroundings
    cells = wiring.sizes
    synapses = {each.name: wiring.expected_synapses(each) for each in wiring.projections()}
    input_synapses = {each.name: stimulus.expected_synapses(each) for each in stimulus.projections(cells)}
    interval_ms = config.recording.interval_ms or config.simulation.dt_ms
    signals = len(config.recording.signals)
    recorded = sum(min(n, config.recording.cells or n) for n in cells.values()) if signals else 0
    samples = recorded * config.simulation.duration_ms / interval_ms
    return NetworkEstimate(
        cells=cells,
        synapses=synapses | input_synapses,
        stimulus_synapses=sum(input_synapses.values()),
        input_spikes=stimulus.expected_spikes(around),
        samples=samples,
        values=samples * signals,
        spikes=sum(cells.values()) * ASSUMED_RATE_HZ * config.simulation.duration_ms / 1000.0,
    )
