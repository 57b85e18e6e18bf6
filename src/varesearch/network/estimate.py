"""How large a network and its recording will be, estimated before anything is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass

from varesearch.config.cell import Cell
from varesearch.config.errors import ConfigurationError
from varesearch.config.projection import ProjectionSettings, index_type
from varesearch.config.ranges import INT32
from varesearch.config.schema import Config, RecordingConfig
from varesearch.config.structure import ConfiguredStimulus, is_pair
from varesearch.config.values import Constant

BYTES_PER_VALUE = 8
"""Signals as float64, in which most simulators hand them over."""
MOST_SOURCE_SPIKES = 10_000_000
"""More spikes of sources than this are not kept: to store and measure them would take more than the simulation."""
ASSUMED_RATE_HZ = 10.0
"""The assumed firing rate of the cells, which is not known before the run."""


@dataclass(frozen=True)
class NetworkEstimate:
    """The expected size of a network and of its recording.

    Attributes
    ----------
    cells
        Population -> number of cells.
    synapses
        Projection -> expected number of synapses, those of the stimulus included.
    stimulus_synapses
        Those of the stimulus alone.
    input_spikes
        Expected number of spikes of all sources.
    samples
        Number of sampled cells times number of sampled steps, however many signals.
    values
        Number of samples of all signals.
    spikes
        Number of spikes if every cell fires at :data:`ASSUMED_RATE_HZ`.
    synapse_bytes
        Memory of the drawn synapses until the simulator has them (:mod:`varesearch.network.columns`), in bytes.
    current_values
        Number of values of currents that differ from cell to cell.
    parameter_values
        Number of values of parameters that differ from cell to cell.
    recorded_input_spikes
        Number of spikes of sources that are kept with the recording.
    """

    cells: dict[str, int]
    synapses: dict[str, float]
    stimulus_synapses: float
    input_spikes: float
    samples: float
    values: float
    spikes: float
    synapse_bytes: float
    current_values: float = 0.0
    parameter_values: float = 0.0
    recorded_input_spikes: float = 0.0

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return sum(self.cells.values())

    @property
    def n_synapses(self) -> float:
        """Expected number of synapses."""
        return sum(self.synapses.values())

    @property
    def network_bytes(self) -> int:
        """Memory of the drawn network, in bytes."""
        return int(self.synapse_bytes + self.kept_bytes)

    @property
    def kept_bytes(self) -> int:
        """Memory of what is kept of the network when the simulator has its synapses, in bytes."""
        values = self.current_values + self.parameter_values
        return int(16 * self.n_cells + 8 * self.input_spikes + 8 * values)

    @property
    def recording_bytes(self) -> int:
        """Memory of the sampled signals, in bytes."""
        return int(BYTES_PER_VALUE * self.values)


def check_counts(config: Config) -> None:
    """Raise ConfigurationError for more synapses or input spikes than simulators can count with 32 bits."""
    size, most, structure = estimate(config), INT32.high, config.structure
    recurrent_names = {each.name for each in structure.projections}
    of_inputs = {settings.name: stimulus_setting(each) for each, settings in structure.inputs}
    for name, count in size.synapses.items():
        if count > most:
            recurrent = name in recurrent_names
            setting = cells_setting(config) if recurrent else of_inputs[name]
            raise ConfigurationError(
                f"{setting}: {name} would have about {count:.3g} synapses, more than {most}; use fewer cells"
                f"{' or synapses' if recurrent else ' or sources'}"
            )
    if size.input_spikes > most:
        largest = busiest_stimulus(config)
        raise ConfigurationError(
            f"{stimulus_setting(largest)}: all sources together would fire about {size.input_spikes:.3g} times, more "
            f"than {most}; lower {largest.where}.rate_hz or shorten the stimulus"
        )


def cells_setting(config: Config) -> str:
    """Return the setting, with its value, that says how many cells there are."""
    if config.scale.acts:
        return f"scale.cells={config.scale.cells:g}"
    if is_pair(config.populations):
        return f"connectivity.n={config.connectivity.n}"
    largest = max(config.structure.populations.values(), key=lambda population: population.size)
    return f"populations.{largest.name}.size={largest.size}"


def busiest_stimulus(config: Config) -> ConfiguredStimulus:
    """Return the stimulus whose sources are expected to fire most."""
    around = config.surroundings
    return max(config.structure.stimuli, key=lambda each: each.stimulus.expected_spikes(around))


def stimulus_setting(stimulus: ConfiguredStimulus) -> str:
    """Return the setting, with its value, that chooses a stimulus."""
    return f"{stimulus.where}={stimulus.stimulus.kind}"


def sampled(
    recording: RecordingConfig, populations: Mapping[str, tuple[int, type[Cell]]], steps: float
) -> tuple[float, float]:
    """Return how many samples are taken of all signals together, as ``samples`` and ``values`` of the estimate.

    Parameters
    ----------
    recording
        What is sampled.
    populations
        Name -> number of cells, and their model.
    steps
        The number of sampled steps.

    Examples
    --------
    >>> from varesearch.model.cells.if_cond_exp import IfCondExp
    >>> sampled(RecordingConfig(signals=["v", "gsyn_exc"], cells=5), {"exc": (80, IfCondExp)}, steps=100)
    (500.0, 1000.0)
    """
    samples = values = 0.0
    for name, (size, cell) in populations.items():
        if signals := recording.sampled(name, cell):
            samples += steps * min(size, recording.cells or size)
            values += steps * min(size, recording.cells or size) * len(signals)
    return samples, values


def estimate(config: Config) -> NetworkEstimate:
    """Return the expected size of a network and of its recording.

    Parameters
    ----------
    config
        A configuration that :func:`varesearch.config.validation.validate` accepts.

    Examples
    --------
    >>> from varesearch.config.compose import compose
    >>> size = estimate(compose(["connectivity.n=100", "connectivity.p=0.1"]).config)
    >>> size.n_cells, size.synapses["exc_to_exc"], size.network_bytes
    (100, 640.0, 4380)
    """
    structure, around = config.structure, config.surroundings
    cells = structure.sizes
    synapses = {each.name: each.rule.expected_synapses(each) for each in structure.projections}
    input_synapses = {settings.name: each.stimulus.expected_synapses(settings) for each, settings in structure.inputs}
    expected = synapses | input_synapses
    connected = (*structure.projections, *(settings for _, settings in structure.inputs))
    interval_ms = config.recording.interval_ms or config.simulation.dt_ms
    populations = {name: (each.size, type(each.cell)) for name, each in structure.populations.items()}
    samples, values = sampled(config.recording, populations, config.simulation.duration_ms / interval_ms)
    input_spikes = sum(each.stimulus.expected_spikes(around) for each in structure.stimuli)
    return NetworkEstimate(
        cells=cells,
        synapses=expected,
        stimulus_synapses=sum(input_synapses.values()),
        input_spikes=input_spikes,
        samples=samples,
        values=values,
        spikes=sum(cells.values()) * ASSUMED_RATE_HZ * config.simulation.duration_ms / 1000.0,
        synapse_bytes=sum(_kept_bytes(each, expected[each.name]) for each in connected),
        current_values=sum(each.stimulus.expected_current_values(each.within(around)) for each in structure.stimuli),
        recorded_input_spikes=recorded_sources(config.recording, input_spikes),
        parameter_values=float(sum(each.size * len(each.cell.varying) for each in structure.populations.values())),
    )


def recorded_sources(recording: RecordingConfig, input_spikes: float) -> float:
    """Return how many of the spikes of sources are kept with the recording: all of them, or none if they are many."""
    return input_spikes if recording.sources and input_spikes <= MOST_SOURCE_SPIKES else 0.0


def _kept_bytes(projection: ProjectionSettings, synapses: float) -> float:
    """Memory of the columns of a projection: see :mod:`varesearch.network.columns`."""
    listed = {} if projection.rule is None else projection.rule.listed(projection)
    travels = projection.rule is not None and projection.rule.longest_travel_ms > 0
    one_delay = isinstance(projection.acting("delay_ms").value, Constant) and not travels
    weight, delay = 8 if "weight" in listed else 0, 0 if one_delay else 2
    return 4.0 * projection.pre_size + synapses * (index_type(projection.post_size).itemsize + weight + delay)
