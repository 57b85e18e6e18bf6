"""Check a network that a program made."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import did_you_mean
from varesearch.network.columns import Column
from varesearch.network.model import SYNAPSES, CurrentInput, Network, Population, Projection, SpikeSource


def check_network(network: Network) -> None:
    """Check that the parts of a network fit together.

    Raises
    ------
    ConfigurationError
        One line that names the part: a name that occurs twice or does not exist, arrays of different lengths, indices
        or steps out of range, weights below 0, delays below one step, or values that are not finite.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from varesearch.config.compose import compose
    >>> from varesearch.network import draw
    >>> check_network(replace(draw(compose(["connectivity.n=50"]).config), n_steps=0))
    Traceback (most recent call last):
        ...
    varesearch.config.errors.ConfigurationError: n_steps=0, dt_ms=1.0: both must be above 0
    """
    if network.native_wiring is not None:
        raise ConfigurationError("native_wiring: a network with connectivity.draw=native has no synapses; draw it here")
    if not network.populations:
        raise ConfigurationError("the network has no population; give it at least one")
    if network.n_steps < 1 or not network.dt_ms > 0:
        raise ConfigurationError(f"n_steps={network.n_steps}, dt_ms={network.dt_ms}: both must be above 0")
    parts: tuple[Population | SpikeSource, ...] = (*network.populations, *network.sources)
    _distinct(part.name for part in parts)
    _distinct(projection.name for projection in network.projections)
    for population in network.populations:
        _check_population(population)
    for source in network.sources:
        where = f"spike source {source.name}"
        _check_index(source.sources, source.size, f"{where}: sources")
        _check_index(source.steps, network.n_steps, f"{where}: steps")
        counts = {} if source.counts is None else {"counts": source.counts}
        _same_length(where, sources=source.sources, steps=source.steps, **counts)
        _check_counts(source, where)
    sizes = {part.name: part.size for part in parts}
    targets = {population.name for population in network.populations}
    for projection in network.projections:
        _check_projection(projection, sizes, targets)
    for current in network.currents:
        if current.target not in targets:
            raise ConfigurationError(f"current into {current.target}: no such population; choose {', '.join(targets)}")
        _check_current(current, sizes[current.target])


def _check_current(current: CurrentInput, size: int) -> None:
    where, steps, amplitudes = f"current into {current.target}", current.steps, current.amplitudes
    if amplitudes.shape not in ((len(steps),), (len(steps), size)) or not len(steps):
        raise ConfigurationError(
            f"{where}: {len(steps)} steps and amplitudes of shape {amplitudes.shape}; there must be one amplitude for "
            f"each step, or one for each step and each of the {size} cells"
        )
    if not (np.issubdtype(steps.dtype, np.integer) and steps[0] >= 0 and (np.diff(steps) > 0).all()):
        raise ConfigurationError(f"{where}: its steps must be whole numbers that rise, from 0 or later on")
    if current.stop_step <= steps[-1] or not np.isfinite(amplitudes).all():
        raise ConfigurationError(
            f"{where}: from step {current.start_step} to {current.stop_step}, amplitudes from {amplitudes.min()} to "
            f"{amplitudes.max()}; it must end after its last change, and be finite"
        )


def _check_counts(source: SpikeSource, where: str) -> None:
    if source.counts is not None:
        if not np.issubdtype(source.counts.dtype, np.unsignedinteger):
            raise ConfigurationError(f"{where}: counts must be unsigned integers (uint8), not {source.counts.dtype}")
        if source.counts.size and source.counts.min() < 1:
            raise ConfigurationError(f"{where}: a count of 0; leave out what does not fire")
    # In order of steps, then sources, an entry that occurs twice follows itself.
    places = source.steps.astype(np.int64) * source.size + source.sources
    if (np.diff(places) <= 0).any():
        raise ConfigurationError(
            f"{where}: it must be sorted by step, then source, with each pair of them once; for several spikes in a "
            "step give counts"
        )


def _check_population(population: Population) -> None:
    where = f"population {population.name}"
    if population.size < 1:
        raise ConfigurationError(f"{where}: size {population.size}; it must have at least one cell")
    _check_parameters(population, where)
    wanted = {field.name.removesuffix("_init") for field in fields(population.cell) if field.name.endswith("_init")}
    if set(population.initial) != wanted:
        raise ConfigurationError(
            f"{where}: initial values of {', '.join(population.initial) or 'nothing'}; the cell "
            f"{population.cell.model} has {', '.join(sorted(wanted))}"
        )
    for variable, values in population.initial.items():
        if values.shape != (population.size,) or not np.isfinite(values).all():
            raise ConfigurationError(
                f"{where}: initial {variable} must be {population.size} finite numbers, not {values.shape}"
            )


def _check_parameters(population: Population, where: str) -> None:
    """Each array belongs to a number among the cell's parameters, and each setting that is drawn has one."""
    numbers = [name for name in population.cell.parameters() if name in population.cell.numbers()]
    for name, values in population.parameters.items():
        if name not in numbers:
            raise ConfigurationError(
                f"{where}: {name} differs between cells, but is no number among the parameters of the cell "
                f"{population.cell.model}: {', '.join(numbers)}{did_you_mean(name, numbers)}"
            )
        if values.shape != (population.size,) or not np.isfinite(values).all():
            raise ConfigurationError(f"{where}: {name} must be {population.size} finite numbers, not {values.shape}")
    for name, value in population.cell.varying.items():
        if name not in population.parameters:
            raise ConfigurationError(
                f"{where}: cell.{name}={value} is not drawn; put an array of {population.size} numbers into "
                f"parameters[{name!r}], or give the cell one number"
            )


def _check_projection(projection: Projection, sizes: dict[str, int], targets: set[str]) -> None:
    where = f"projection {projection.name}"
    if projection.pre not in sizes or projection.post not in targets:
        raise ConfigurationError(
            f"{where}: from {projection.pre} to {projection.post}; it must go from a population or source "
            f"({', '.join(sizes)}) to a population ({', '.join(targets)})"
        )
    if projection.receptor not in ("excitatory", "inhibitory"):
        raise ConfigurationError(f"{where}: receptor {projection.receptor}; choose excitatory or inhibitory")
    _same_length(where, **{name: projection.column(name) for name in SYNAPSES})
    for name, part in (("sources", projection.pre), ("targets", projection.post)):
        column = projection.column(name)
        _check_whole_numbers(column, f"{where}: {name}")
        if projection.size:
            _check_bounds(*column.bounds(), sizes[part], f"{where}: {name}")
    if not all((part >= 0).all() and np.isfinite(part).all() for part in projection.column("weights").parts()):
        raise ConfigurationError(f"{where}: weights must be finite and not below 0; the receptor gives the sign")
    if projection.synapse is not None:
        _check_synapse(projection, where, projection.pre in targets)
    if projection.size and projection.shortest_delay < 1:
        raise ConfigurationError(f"{where}: a delay of {projection.shortest_delay} steps; at least 1 is needed")


def _check_synapse(projection: Projection, where: str, from_cells: bool) -> None:
    assert projection.synapse is not None
    if not from_cells:
        raise ConfigurationError(
            f"{where}: synapses from the spike source {projection.pre} are static; leave its synapse None, or let the "
            "source drive a population of cells, one each, whose synapses learn"
        )
    bounds = projection.synapse.bounds
    if bounds is None or not projection.size:
        return
    low, high = projection.column("weights").bounds()
    if not (bounds[0] <= low and high <= bounds[1]):
        raise ConfigurationError(
            f"{where}: weights from {low:g} to {high:g}; synapse={projection.synapse.name} wants "
            f"them from w_min={bounds[0]:g} to w_max={bounds[1]:g}"
        )


def _check_index(values: NDArray[Any], below: int, what: str) -> None:
    _check_whole_numbers(values, what)
    if values.size:
        _check_bounds(int(values.min()), int(values.max()), below, what)


def _check_whole_numbers(values: NDArray[Any] | Column, what: str) -> None:
    if not np.issubdtype(values.dtype, np.integer):
        raise ConfigurationError(f"{what} must be whole numbers, not {values.dtype}")


def _check_bounds(low: int, high: int, below: int, what: str) -> None:
    if not 0 <= low <= high < below:
        raise ConfigurationError(f"{what} from {low} to {high}; allowed are 0 to {below - 1}")


def _same_length(where: str, **arrays: NDArray[Any] | Column) -> None:
    lengths = {name: values.shape for name, values in arrays.items()}
    if len(set(lengths.values())) != 1 or len(next(iter(lengths.values()))) != 1:
        shown = ", ".join(f"{name} {shape}" for name, shape in lengths.items())
        raise ConfigurationError(f"{where}: its arrays must have one shape (n,), not {shown}")


def _distinct(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ConfigurationError(f"{name}: two parts of the network have this name; give each its own")
        seen.add(name)
