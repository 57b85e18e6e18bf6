"""The range of the machine's numbers: s16.15, up to 65,536 in steps of 2^-15; beyond it they wrap silently."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.spinnaker.translation import rows
from varesearch.backends.table import Context, Row, context_of, row
from varesearch.config.cell import Cell, Synapse
from varesearch.config.errors import ConfigurationError
from varesearch.config.heterogeneity import check_extreme_cells
from varesearch.config.schema import Config
from varesearch.config.structure import ConfiguredPopulation, Structure
from varesearch.config.values import Constant, Value
from varesearch.network.estimate import estimate
from varesearch.network.model import Population

LARGEST = 2.0**16
"""s16.15: 16 bits before the point."""

STEP = 2.0**-15

_CONDUCTANCE_SCALE = 1024.0
"""sPyNNaker keeps conductances 1024 times as large."""

_DECAYS = ("tau_m", "tau_ca2")
"""The time constants whose exp(-dt / tau) is kept in s16.15; those of synapses are fractions of 32 bits."""

_RARE = 1e-6
"""A value counts as impossible if it is expected fewer times than this."""

_COARSE = 0.01
"""Rounding that changes a parameter by more than this fraction is reported."""


@dataclass(frozen=True)
class _Drawn:
    """A setting whose value, or each value drawn from it, is the quantity ``ours`` of the translation.

    ``count`` is how many values are drawn. ``limit``, in the project's unit, applies in addition to the range of the
    machine's numbers.
    """

    setting: str
    value: Value
    ours: str
    count: float
    limit: float = np.inf


def check_fixed_point(config: Config) -> None:
    """Raise ConfigurationError, naming the setting, for a parameter or a drawn value that the machine would wrap."""
    structure, synapses = config.structure, estimate(config).synapses

    def check(population: ConfiguredPopulation, cell: Cell) -> None:
        context = Context(cell, config.simulation.dt_ms)
        _check_cell(context, _drawn(structure, synapses, population, context))

    check_extreme_cells(config, check)


def _check_cell(context: Context, quantities: Iterable[_Drawn]) -> None:
    """Check cells that all have the numbers of the context's cell, and what is drawn for them."""
    cell = context.cell
    of_cell = rows(type(cell))
    for each, value in _parameters(cell):
        if not abs(each.convert(np.asarray(value), context)) < LARGEST:
            raise _beyond(f"cell.{each.ours}={value:g} {each.unit}", LARGEST, each.their_unit)
    resistance = _resistance(context)
    if not resistance < LARGEST:
        cm = context.parameter("cm")
        raise _beyond(f"cell.cm={cm:g} nF with tau_m / cm = {resistance:g} MΩ", LARGEST, "MΩ")
    for drawn in quantities:
        quantity = row(of_cell, drawn.ours)
        limit = min(drawn.limit, LARGEST / float(quantity.convert(np.asarray(1.0), context)))
        if _can_reach(drawn.value, limit, drawn.count):
            unit = f" {quantity.unit}" if isinstance(drawn.value, Constant) else ""
            raise _beyond(f"{drawn.setting}={drawn.value}{unit}", limit, quantity.unit)


def rounded_parameters(population: Population, dt_ms: float) -> list[str]:
    """Return one line for each parameter that the machine's rounding changes by more than 1 % in some cell."""
    context = context_of(population, dt_ms)
    names = population.cell.parameters()
    lines = []
    for each in rows(type(population.cell)):
        if each.ours not in names or each.ours == "tau_refrac":
            continue
        ours = np.asarray(context.parameter(each.ours), dtype=np.float64)
        theirs = np.asarray(each.convert(ours, context), dtype=np.float64)
        kept = np.rint(theirs / STEP) * STEP
        if worst := _worst(theirs, kept):
            value, index, cells = float(ours.flat[worst.index]), worst.index, worst.cells
            acts = kept.flat[index] * value / theirs.flat[index]
            lines.append(f"cell.{each.ours}={value:g}{cells} is {acts:.3g} in steps of 2^-15")
    for name in [each for each in _DECAYS if each in names]:
        tau_ms = np.asarray(context.parameter(name), dtype=np.float64)
        leak = -np.expm1(-dt_ms / tau_ms)
        kept = 1.0 - np.rint((1.0 - leak) / STEP) * STEP
        if worst := _worst(leak, kept):
            left = kept.flat[worst.index]
            acts = f"{-dt_ms / np.log1p(-left):.3g} ms" if left > 0 else "endless"
            value, cells = tau_ms.flat[worst.index], worst.cells
            lines.append(f"cell.{name}={value:g}{cells} acts as {acts}, since exp(-dt / {name}) has steps of 2^-15")
    return lines


@dataclass(frozen=True)
class _Worst:
    """The cell whose value is changed most, and in words how many cells change too much."""

    index: int
    cells: str


def _worst(exact: NDArray[np.float64], kept: NDArray[np.float64]) -> _Worst | None:
    """Return where rounding changes a value most; None if it nowhere changes it by more than 1 %."""
    changes = np.abs(kept - exact) / np.where(exact == 0, 1.0, np.abs(exact))
    coarse = int(np.count_nonzero(changes > _COARSE))
    if not coarse:
        return None
    return _Worst(int(np.argmax(changes)), f" (the worst of {coarse} cells)" if exact.ndim else "")


def _drawn(
    structure: Structure, synapses: Mapping[str, float], population: ConfiguredPopulation, context: Context
) -> Iterator[_Drawn]:
    """Yield the settings of the values at time 0, of the weights onto the cells, and of the currents into them."""
    cell = context.cell
    for name in cell.variables:
        yield _Drawn(f"cell.{name}_init", getattr(cell, f"{name}_init"), name, population.size)
    largest_weight = {
        receptor: _largest_weight(receptor[0].upper(), context) for receptor in ("excitatory", "inhibitory")
    }
    for each in (*structure.projections, *(settings for _, settings in structure.inputs)):
        if each.post == population.name and synapses[each.name]:
            weight = each.acting("weight")
            # The cell gives the weights of a group that names none.
            named = f"cell.{weight.key.rpartition('.')[2]}"
            setting = named if getattr(cell, named.removeprefix("cell."), None) == weight.value else weight.key
            count, limit = synapses[each.name], largest_weight[each.receptor]
            yield _Drawn(setting, weight.value, f"weight_{each.receptor}", count, limit)
    offset, room = cell.i_offset, _largest_current(context)
    yield _Drawn("cell.i_offset", Constant(offset), "current_step", 1, room)
    for each in structure.stimuli:
        for setting, amplitude in each.stimulus.amplitudes().items():
            # Both flow at the same time.
            yield _Drawn(each.key(setting), Constant(amplitude), "current_step", 1, room - abs(offset))


def _parameters(cell: Cell) -> list[tuple[Row, float]]:
    """Return the rows of the cell's parameters, with their values."""
    names = cell.parameters()
    return [(each, float(getattr(cell, each.ours))) for each in rows(type(cell)) if each.ours in names]


def _has_membrane(context: Context) -> bool:
    """Return whether currents are in nA, through a membrane's resistance; others are added to dv/dt in mV/ms."""
    return context.cell.unit_of("i_offset") == "nA"


def _resistance(context: Context) -> float:
    """Return tau_m / cm, by which the machine multiplies currents; 1 for cells whose currents are added to dv/dt."""
    return context.parameter("tau_m") / context.parameter("cm") if _has_membrane(context) else 1.0


def _largest_current(context: Context) -> float:
    """Return the largest current, in the cell's unit, that does not wrap.

    An integrate-and-fire cell multiplies it by the resistance and adds potentials. Izhikevich's takes half a
    step of it, 1.85 times as long after a spike, and squares the v it arrives at: 0.04 v^2 + 5 v must stay in s16.15,
    which leaves v 1,220 mV and the quadratic at the threshold about 200 mV/ms. Found so on the machine's binaries: of a
    cell at 100 MOhm 650 nA are right and 660 nA never fire; 1,000 mV/ms are right and 2,000 mV/ms are not.
    """
    if not _has_membrane(context):
        return 2 * 1220.0 / (1.85 * context.dt_ms) - 200.0
    largest_mv = max(abs(context.parameter(name)) for name in ("v_rest", "v_reset", "v_thresh"))
    return (LARGEST - 2 * largest_mv) / max(_resistance(context), 1.0)


def _largest_weight(receptor: str, context: Context) -> float:
    """Return the largest weight of a single synapse, in the project's unit of the cell's weights."""
    current, kind = _largest_current(context), context.cell.synapse
    if kind is Synapse.CONDUCTANCE:
        rest = context.parameter("v_rest" if _has_membrane(context) else "c")
        driving_mv = max(abs(context.parameter(f"e_rev_{receptor}") - rest), 1.0)
        return min(LARGEST / _CONDUCTANCE_SCALE, current / driving_mv)
    if kind is not Synapse.VOLTAGE_STEP:
        return current
    # A voltage step is a current over one step.
    charge = row(rows(type(context.cell)), "weight_excitatory").convert(np.asarray(1.0), context)
    return current * context.dt_ms / float(charge)


def _can_reach(value: Value, limit: float, count: float) -> bool:
    if not value.has_tail:
        return not max(abs(value.lower), abs(value.upper)) < limit
    return (value.above(limit) + value.below(-limit)) * count > _RARE


def _beyond(what: str, limit: float, unit: str) -> ConfigurationError:
    return ConfigurationError(
        f"{what} is beyond what SpiNNaker's numbers hold: it must be below {limit:.6g} {unit}; is it meant in "
        "another unit?"
    )
