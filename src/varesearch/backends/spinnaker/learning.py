"""Synapses that learn, in sPyNNaker: an STDPMechanism for each projection that learns.

A core has one rule for all the synapses that learn onto its cells. sPyNNaker brings programs for some pairs of a cell
and a rule; for the others the cells have one core and their synapses another.

Traces and tables of exponentials are in steps of 2^-11 and rounded down. A weight is 16 bits; while a spike of the
source is processed it has 15 bits after the point, but what is below a step of the weight is dropped when it is stored.
So each spike of the source makes the weight up to one step smaller than the rule has it. At a spike of the source, a
spike of the target that the synapse sees in the same step counts as one before it; the other simulators ignore the
pair.
"""

from functools import cache
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.learned import in_drawn_order, learning
from varesearch.backends.spinnaker.limits import ring_steps
from varesearch.backends.spinnaker.translation import pynn_description, rows
from varesearch.backends.table import Context, translate
from varesearch.config.cell import Cell
from varesearch.config.errors import ConfigurationError, renamed
from varesearch.config.schema import Config
from varesearch.config.synapse_type import SynapseType
from varesearch.model.learning import PynnMechanism
from varesearch.network.model import Network, Population, Projection
from varesearch.recording import Recording


def form_of(synapse: SynapseType) -> PynnMechanism:
    """Return how a synapse is written for sPyNNaker. Raises KeyError if its module does not say so."""
    return synapse.simulators["spinnaker"](synapse)


def check_learning(config: Config) -> None:
    """Raise ConfigurationError for synapses that sPyNNaker does not have for a cell, or not together."""
    populations = config.structure.populations
    rules: dict[str, tuple[PynnMechanism, str]] = {}
    for projection in config.structure.projections:
        synapse, where = projection.synapse, projection.synapse_where
        if synapse is None:
            continue
        with renamed("synapse", where):
            form = form_of(synapse)
        cell = populations[projection.post].cell
        if not _combined(type(cell), form) and not _split(type(cell), form):
            raise ConfigurationError(
                f"{where}={synapse.name} ({form.binary}) onto cell={cell.model}: sPyNNaker brings no program for this "
                "pair; take another rule, or another backend"
            )
        first, other = rules.setdefault(projection.post, (form, where))
        if first != form:
            raise ConfigurationError(
                f"{where}: all synapses onto {projection.post} that learn must have one rule with one set of numbers "
                f"on SpiNNaker, and {other} has others; leave one of them static, or take backend=nest"
            )
        if projection.weight.lower < form.wraps_below:
            raise _would_wrap(f"{projection.key('weight')}={projection.weight}", form.wraps_below, where)
        context = Context(cell, config.simulation.dt_ms)
        if np.ndim(translate(rows(type(cell)), f"weight_{projection.receptor}", 1.0, context)):
            raise ConfigurationError(
                f"{where}={synapse.name}: its bounds would differ between the cells of {projection.post}, whose "
                f"parameters differ, and SpiNNaker has one of each; give {cell.model} one tau_syn, tau_m and cm"
            )


def _would_wrap(weights: str, least: float, where: str) -> ConfigurationError:
    return ConfigurationError(
        f"{weights} begins below {least:g}, what one spike of a source takes away ({where}): there SpiNNaker's rule "
        "would make the weight negative and store the greatest one in its place; begin higher, or take backend=nest"
    )


def wrapped(recording: Recording, network: Network) -> list[str]:
    """Return a phrase for each projection whose weights may have become negative during the run."""
    found = []
    for projection in learning(network):
        assert projection.synapse is not None
        weights, least = recording.weights[projection.name], form_of(projection.synapse).wraps_below
        low, high = int((weights.final < least).sum()), int((weights.final > weights.high * (1 + 1e-6)).sum())
        if least and (low or high):
            what = f"{low} weights of {projection.name} below {least:g}, where they wrap to the greatest number"
            found.append(f"{what}, and {high} above {weights.high:g}")
    return found


def check_drawn(network: Network, neurons_per_core: int | None) -> None:
    """Raise ConfigurationError for a drawn synapse that would not learn as its rule says.

    It would wait on another core, a delay that the rule does not count, or begin with a weight that would wrap.
    """
    for projection in network.projections:
        if projection.synapse is None or not projection.size:
            continue
        least = form_of(projection.synapse).wraps_below
        smallest, _ = projection.column("weights").bounds()
        if smallest < least:
            raise _would_wrap(f"projection {projection.name}: a weight of {smallest:g}", least, "eta alpha")
        most = ring_steps(network.population(projection.post).size, neurons_per_core) - 1
        if (longest := projection.longest_delay) > most:
            raise ConfigurationError(
                f"projection {projection.name}: a delay of {longest * network.dt_ms:g} ms is too long for synapses "
                f"that learn on SpiNNaker: at most {most * network.dt_ms:g} ms ({most} steps) with this many cells on "
                "a core; shorten it, or set fewer backend.neurons_per_core"
            )


def _combined(cell: type[Cell], form: PynnMechanism) -> bool:
    """Return whether one program has both the cell and the rule."""
    return f"{_program(cell)}_stdp_mad_{form.binary}" in _programs()


def _split(cell: type[Cell], form: PynnMechanism) -> bool:
    """Return whether there is a program of the cell alone, and one of the rule alone for a core beside it."""
    return {f"{_program(cell)}_neuron", f"synapses_stdp_mad_{form.binary}"} <= _programs()


def _program(cell: type[Cell]) -> str:
    description = pynn_description(cell)
    return "" if description is None else description.program or description.model


def with_synapse_cores(network: Network) -> list[Population]:
    """Return the populations whose synapses need a core of their own, since no program has both cell and rule."""
    found = {}
    for projection in network.projections:
        if projection.synapse is not None:
            post = network.population(projection.post)
            if not _combined(type(post.cell), form_of(projection.synapse)):
                found[post.name] = post
    return list(found.values())


@cache
def _programs() -> frozenset[str]:
    """Return the names of the programs that sPyNNaker brings, without importing it."""
    spec = find_spec("spynnaker")
    assert spec is not None
    assert spec.origin is not None
    return frozenset(path.stem for path in (Path(spec.origin).parent / "pyNN" / "model_binaries").glob("*.aplx"))


def mechanism(sim: ModuleType, projection: Projection, context: Context) -> Any:
    """Return sPyNNaker's synapse type of a projection that learns; ``context`` is that of the cells of its target."""
    assert projection.synapse is not None
    form, of_cell = form_of(projection.synapse), rows(type(context.cell))

    def in_theirs(weights: dict[str, float]) -> dict[str, float]:
        quantity = f"weight_{projection.receptor}"
        return {name: float(translate(of_cell, quantity, value, context)) for name, value in weights.items()}

    timing = attrgetter(form.timing)(sim)(**form.times, **in_theirs(dict(form.amplitudes)), **form.factors)
    weight = attrgetter(form.weight)(sim)(**in_theirs(dict(form.bounds)), **form.weight_parameters)
    return sim.STDPMechanism(timing_dependence=timing, weight_dependence=weight)


def read_weights(built: Any, projection: Projection, context: Context) -> NDArray[np.float64]:
    """Return the weights of a projection after the run as magnitudes in our unit, in the order of its synapses."""
    found = np.array([tuple(row) for row in built.get(["weight", "delay"], format="list")], dtype=np.float64)
    columns = found.reshape(-1, 4)
    unit = translate(rows(type(context.cell)), f"weight_{projection.receptor}", 1.0, context)
    sources, targets = columns[:, 0].astype(np.int64), columns[:, 1].astype(np.int64)
    steps = np.rint(columns[:, 3] / context.dt_ms).astype(np.int64)
    return in_drawn_order(projection, sources, targets, steps, columns[:, 2] / unit)
