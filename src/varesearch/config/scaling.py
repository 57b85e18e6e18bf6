"""A network of fewer or more cells, with fewer or more synapses onto each, whose cells get the same input in the mean.

With a factor k for the in-degrees, every weight is multiplied by 1/sqrt(k): the variance of a cell's input then stays
as it was. The mean of the input becomes sqrt(k) times as large; a constant current makes up for the rest. For the input
from other cells it follows from their mean rates, which ``scale.rates_hz`` gives (van Albada, Helias and Diesmann 2015,
PLoS Comput. Biol. 11:e1004490). What the factors mean for a wiring rule or a stimulus is its own
:meth:`~varesearch.config.rule.Rule.rescaled`.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from varesearch.config import ranges
from varesearch.config.cell import Cell
from varesearch.config.checks import check_at_least, check_names, check_number, refuse
from varesearch.config.errors import ConfigurationError, renamed
from varesearch.config.projection import ProjectionSettings, Receptor
from varesearch.config.ranges import Range
from varesearch.config.settings import Settings, quantity
from varesearch.config.stimulus import CurrentInput, Surroundings
from varesearch.config.wording import written

if TYPE_CHECKING:
    from varesearch.config.structure import ConfiguredStimulus, Structure

_FACTORS = Range(1e-4, 1e4, allowed=ranges.POSITIVE)


@dataclass
class ScaleConfig(Settings):
    """A smaller or larger network whose cells go on firing at their rates.

    Numbers of cells and in-degrees are scaled separately. Weights and constant currents are adapted to the in-degrees
    such that mean and variance of each cell's input stay the same, as in van Albada, Helias and Diesmann 2015 (PLoS
    Comput. Biol. 11:e1004490).
    """

    cells: float = quantity(1.0, "", "number of cells of each population, in multiples of its size", plausible=_FACTORS)
    in_degree: float = quantity(
        1.0, "", "synapses onto each cell, in multiples of those without scaling", plausible=_FACTORS
    )
    rates_hz: dict[str, float] = quantity(
        {},
        "Hz",
        "mean rates of the populations without scaling, which scale.in_degree needs: {POPULATION: rate, ...}",
        plausible=Range(0, ranges.RATE_HZ.high),
    )

    @property
    def acts(self) -> bool:
        """Whether it changes the network."""
        return self.cells != 1.0 or self.in_degree != 1.0

    def __str__(self) -> str:
        return f"scale.cells={self.cells:g}, scale.in_degree={self.in_degree:g}"


@dataclass(frozen=True)
class Compensation:
    """The constant current that makes up for input that a scaled network lacks.

    Attributes
    ----------
    target
        The population into whose cells it flows.
    source
        The population or the spike source whose input it stands for.
    per_hz
        The current for each Hz of the source's mean rate, in the unit of the cells' ``i_offset``; negative for input
        that inhibits.
    rate_hz
        That mean rate; None: that of ``stimulus`` at each time.
    stimulus
        The stimulus as it is without scaling; None for input from other cells.
    """

    target: str
    source: str
    per_hz: float
    rate_hz: float | None = None
    stimulus: "ConfiguredStimulus | None" = None

    @property
    def amplitude(self) -> float:
        """The current that stands for input from other cells; 0 for a stimulus, whose current depends on time."""
        return 0.0 if self.rate_hz is None else self.per_hz * self.rate_hz

    def pieces(self, around: Surroundings) -> Iterator[tuple[int, int, float]]:
        """Yield the current that stands for a stimulus: first step, step after the last, amplitude."""
        if self.stimulus is not None:
            for first, last, rate_hz in self.stimulus.stimulus.mean_rates_hz(self.stimulus.within(around)):
                yield first, last, self.per_hz * rate_hz


def compensating_currents(lacking: tuple[Compensation, ...], around: Surroundings) -> tuple[CurrentInput, ...]:
    """Return the currents, one into each population for the input from other cells, and one for each stimulus."""
    lasting: defaultdict[str, float] = defaultdict(float)
    for each in lacking:
        lasting[each.target] += each.amplitude
    n_steps = round(around.duration_ms / around.dt_ms)
    currents = [CurrentInput.step(name, amplitude, 0, n_steps) for name, amplitude in lasting.items() if amplitude]
    for each in lacking:
        steps, amplitudes, end = [], [], 0
        for first, last, amplitude in each.pieces(around):
            if steps and end < first:
                steps, amplitudes = [*steps, end], [*amplitudes, 0.0]
            steps, amplitudes, end = [*steps, first], [*amplitudes, amplitude], last
        if steps:
            currents.append(CurrentInput(each.target, np.array(steps, np.int32), np.array(amplitudes), end))
    return tuple(currents)


def scaled(structure: "Structure", scale: ScaleConfig) -> "Structure":
    """Return the structure of the scaled network.

    Raises
    ------
    ConfigurationError
        A population would have no cell, a projection no synapse or more than there is room for; a rule, a cell or a
        stimulus cannot be scaled; or the mean rate of a population is not given.
    """
    check_names("scale.rates_hz", tuple(scale.rates_hz), tuple(structure.populations))
    for name, rate_hz in scale.rates_hz.items():
        check_number(f"scale.rates_hz.{name}", rate_hz)
        check_at_least(f"scale.rates_hz.{name}", rate_hz, 0.0, "Hz")
    if not scale.acts:
        return structure
    sizes = {name: _size(name, size, scale) for name, size in structure.sizes.items()}
    populations = {name: replace(each, size=sizes[name]) for name, each in structure.populations.items()}
    lacking: list[Compensation] = []
    projections = []
    for each in structure.projections:
        smaller = _smaller(each, sizes, scale)
        kept = _share_of_in_degree(each, smaller, scale)
        if kept != 1.0:
            per_hz = _lacking_per_hz(structure, each, each.rule.expected_synapses(each) / each.post_size, kept)
            lacking.append(Compensation(each.post, each.pre, per_hz, _rate_hz(each, scale)))
        projections.append(_with(smaller, {"weight": smaller.weight.times(1 / math.sqrt(kept))}))
    stimuli = []
    for each in structure.stimuli:
        with renamed("stimulus", each.where):
            fewer = each.stimulus.rescaled(scale.in_degree) if scale.in_degree != 1.0 else each.stimulus
        if fewer is each.stimulus:
            stimuli.append(each)
            continue
        for projection in structure.inputs_of(each):
            synapses = each.stimulus.expected_synapses(projection) / projection.post_size
            per_hz = _lacking_per_hz(structure, projection, synapses, scale.in_degree)
            lacking.append(Compensation(projection.post, projection.pre, per_hz, stimulus=each))
        stimuli.append(replace(each, stimulus=fewer, weight_factor=1 / math.sqrt(scale.in_degree)))
    return replace(
        structure,
        populations=populations,
        projections=tuple(projections),
        stimuli=tuple(stimuli),
        lacking=tuple(lacking),
    )


def _size(name: str, size: int, scale: ScaleConfig) -> int:
    found = round(size * scale.cells)
    if found < 1:
        refuse("scale.cells", scale.cells, f"leaves no cell of the {size} of {name}; raise it to {0.51 / size:.2g}")
    if found > ranges.MOST_CELLS:
        refuse(
            "scale.cells", scale.cells, f"makes {found:.3g} cells of {name}, more than {ranges.MOST_CELLS}; lower it"
        )
    return found


def _smaller(full: ProjectionSettings, sizes: Mapping[str, int], scale: ScaleConfig) -> ProjectionSettings:
    """The projection between the populations of their new sizes."""
    resized = replace(full, pre_size=sizes[full.pre], post_size=sizes[full.post])
    with renamed("connectivity", full.where):
        smaller = _with(resized, full.rule.rescaled(resized, full, scale.in_degree))
    try:
        full.rule.check_projection(smaller)
    except ConfigurationError as error:
        raise ConfigurationError(f"{scale} do not fit {full.name}, where {error}") from None
    return smaller


def _with(projection: ProjectionSettings, values: Mapping[str, Any]) -> ProjectionSettings:
    given = {name: replace(projection.given[name], value=value) for name, value in values.items()}
    return replace(projection, given={**projection.given, **given})


def _share_of_in_degree(full: ProjectionSettings, smaller: ProjectionSettings, scale: ScaleConfig) -> float:
    """The mean in-degree, whose rounding it includes, in multiples of that of the full network."""
    before = full.rule.expected_synapses(full) / full.post_size
    if scale.in_degree == 1.0 or not before:
        return 1.0
    if full.synapse is not None:
        refuse(
            "scale.in_degree",
            scale.in_degree,
            f"needs weights that stay as they are, but those of {full.name} change ({full.synapse_where}="
            f"{full.synapse.type}); write scale.in_degree=1, or synapse=static",
        )
    share = smaller.rule.expected_synapses(smaller) / smaller.post_size / before
    if not share:
        refuse(
            "scale.in_degree",
            scale.in_degree,
            f"leaves no synapse of the {before:.3g} that a cell has from {full.name}; raise it, or write "
            f"projections.{full.name}=null",
        )
    return share


def _rate_hz(projection: ProjectionSettings, scale: ScaleConfig) -> float:
    if projection.pre not in scale.rates_hz:
        refuse(
            "scale.in_degree",
            scale.in_degree,
            f"needs the mean rate of {projection.pre} without scaling, from the literature or a run without scaling; "
            f"write scale.rates_hz.{projection.pre}=RATE (Hz)",
        )
    return scale.rates_hz[projection.pre]


def _lacking_per_hz(structure: "Structure", full: ProjectionSettings, synapses: float, share: float) -> float:
    """The mean current that a cell lacks for each Hz of its sources: K w q (1 - sqrt(share))."""
    population = structure.populations[full.post]
    integral_ms = _integral_ms(population.cell, population.where, full.receptor, full.post)
    sign = -1.0 if full.receptor == "inhibitory" else 1.0
    return sign * synapses * full.weight.expected * integral_ms / 1000.0 * (1.0 - math.sqrt(share))


def _integral_ms(cell: Cell, where: str, receptor: Receptor, population: str) -> float:
    integral = cell.integral_of_spike(receptor)
    if integral is None:
        refuse(
            f"{where}.{cell.key}",
            getattr(cell, cell.key),
            f"has conductances, and no constant current can make up for those that {population} would lack; write "
            "scale.in_degree=1 (scale.cells is free), or choose a cell with currents or voltage steps",
        )
    if not isinstance(integral, int | float):
        raise ConfigurationError(
            f"{where}: scale.in_degree needs numbers for the capacitance and the synapses' time constants of "
            f"{population}, not {written(integral.plain)}; give numbers, or write scale.in_degree=1"
        )
    return float(integral)
