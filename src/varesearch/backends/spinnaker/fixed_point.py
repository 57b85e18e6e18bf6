"""What the machine's numbers hold: s16.15, up to 65,536 in steps of 2^-15; beyond they wrap without a word."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from varesearch.backends.translation.spinnaker import ROWS
from varesearch.backends.translation.table import Context, row
from varesearch.config.cell import Cell
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import Config
from varesearch.config.values import Constant, Value
from varesearch.network.estimate import estimate

LARGEST = 2.0**16
"""s16.15: 16 bits before the point."""

STEP = 2.0**-15

_CONDUCTANCE_SCALE = 1024.0
"""sPyNNaker keeps conductances 1024 times as large."""

_RARE = 1e-6
"""A value that is expected fewer times than this is not expected at all."""

_COARSE = 0.01
"""A parameter that is rounded by more than this part of itself gives another cell."""


@dataclass(frozen=True)
class _Drawn:
    """A setting whose value, or each value drawn from it, is ``ours`` in the translation.

    ``limit`` is in our unit and holds besides that of the machine's own number.
    """

    setting: str
    value: Value
    ours: str
    count: float
    limit: float = np.inf


def check_fixed_point(config: Config) -> None:
    """Raise ConfigurationError, naming the setting, for a parameter or a drawn value that the machine would wrap."""
    cell, context = config.cell, Context(config.cell, config.simulation.dt_ms)
    rows = ROWS[cell.model]
    for each in rows:
        value = getattr(cell, each.ours, None)
        if isinstance(value, float) and not abs(each.convert(np.asarray(value), context)) < LARGEST:
            raise _beyond(f"cell.{each.ours}={value:g} {each.unit}", LARGEST, each.their_unit)
    resistance = _resistance(cell)
    if not resistance < LARGEST:
        raise _beyond(f"cell.cm={getattr(cell, 'cm', 0.0):g} nF with tau_m / cm = {resistance:g} MΩ", LARGEST, "MΩ")
    for drawn in _drawn(config, context):
        quantity = row(rows, drawn.ours)
        limit = min(drawn.limit, LARGEST / float(quantity.convert(np.asarray(1.0), context)))
        if _can_reach(drawn.value, limit, drawn.count):
            unit = f" {quantity.unit}" if isinstance(drawn.value, Constant) else ""
            raise _beyond(f"{drawn.setting}={drawn.value}{unit}", limit, quantity.unit)


def rounded_parameters(cell: Cell, dt_ms: float) -> list[str]:
    """One line for each parameter that the machine's rounding changes by more than 1 %."""
    context = Context(cell, dt_ms)
    lines = []
    for each in ROWS[cell.model]:
        value = getattr(cell, each.ours, None)
        if (
            isinstance(value, float)
            and each.ours != "tau_refrac"
            and (theirs := float(each.convert(np.asarray(value), context)))
        ):
            kept = np.rint(theirs / STEP) * STEP
            if abs(kept - theirs) > _COARSE * abs(theirs):
                lines.append(f"cell.{each.ours}={value:g} is {kept * value / theirs:.3g} in steps of 2^-15")
    tau_ms = getattr(cell, "tau_m", None)
    if tau_ms is not None:
        leak = -np.expm1(-dt_ms / tau_ms)
        kept = 1.0 - np.rint((1.0 - leak) / STEP) * STEP
        if abs(kept - leak) > _COARSE * leak:
            acts = f"{-dt_ms / np.log1p(-kept):.3g} ms" if kept > 0 else "endless"
            lines.append(f"cell.tau_m={tau_ms:g} acts as {acts}, since exp(-dt / tau_m) has steps of 2^-15")
    return lines


def _drawn(config: Config, context: Context) -> Iterator[_Drawn]:
    """The values at time 0, the weights and the currents."""
    cell, wiring, stimulus = config.cell, config.connectivity, config.stimulus
    expected = estimate(config)
    for name in ("v_init", "u_init"):
        if hasattr(cell, name):
            yield _Drawn(f"cell.{name}", getattr(cell, name), name.removesuffix("_init"), expected.n_cells)
    largest_weight = {
        receptor: _largest_weight(cell, receptor[0].upper(), context) for receptor in ("excitatory", "inhibitory")
    }
    projections = (*wiring.projections(), *stimulus.projections(wiring.sizes))
    for each in projections:
        if expected.synapses[each.name]:
            key = each.key("weight")
            # The cell gives the weights of a group that names none.
            named = f"cell.{key.rpartition('.')[2]}"
            setting = named if getattr(cell, named.removeprefix("cell."), None) == each.weight else key
            count, limit = expected.synapses[each.name], largest_weight[each.receptor]
            yield _Drawn(setting, each.weight, f"weight_{each.receptor}", count, limit)
    offset, room = getattr(cell, "i_offset", 0.0), _largest_current(cell, context.dt_ms)
    yield _Drawn("cell.i_offset", Constant(offset), "current_step", 1, room)
    for setting, amplitude in stimulus.amplitudes().items():
        # Both flow at the same time.
        yield _Drawn(setting, Constant(amplitude), "current_step", 1, room - abs(offset))


def _resistance(cell: Cell) -> float:
    """tau_m / cm, by which the machine multiplies currents; 1 for cells whose currents are added to dv/dt."""
    return getattr(cell, "tau_m", 1.0) / getattr(cell, "cm", 1.0)


def _largest_current(cell: Cell, dt_ms: float) -> float:
    """The largest current, in the cell's unit, that does not wrap.

    An integrate-and-fire cell multiplies it by the resistance and adds potentials. Izhikevich's takes half a
    step of it, 1.85 times as long after a spike, and squares the v it arrives at: 0.04 v^2 + 5 v must stay in s16.15,
    which leaves v 1,220 mV and the quadratic at the threshold about 200 mV/ms. Found so on the machine's binaries: of a
    cell at 100 MOhm 650 nA are right and 660 nA never fire; 1,000 mV/ms are right and 2,000 mV/ms are not.
    """
    if not hasattr(cell, "tau_m"):
        return 2 * 1220.0 / (1.85 * dt_ms) - 200.0
    largest_mv = max(abs(getattr(cell, name)) for name in ("v_rest", "v_reset", "v_thresh"))
    return (LARGEST - 2 * largest_mv) / max(_resistance(cell), 1.0)


def _largest_weight(cell: Cell, receptor: str, context: Context) -> float:
    """In our unit of the cell's weights, for one synapse by itself."""
    current = _largest_current(cell, context.dt_ms)
    reversal = getattr(cell, f"e_rev_{receptor}", None)
    if reversal is not None:
        driving_mv = max(abs(reversal - cell.v_rest), 1.0)  # type: ignore[attr-defined]
        return min(LARGEST / _CONDUCTANCE_SCALE, current / driving_mv)
    if hasattr(cell, f"tau_syn_{receptor}"):
        return current
    # A voltage step is a current over one step.
    return current * context.dt_ms / float(row(ROWS[cell.model], "weight_excitatory").convert(np.asarray(1.0), context))


def _can_reach(value: Value, limit: float, count: float) -> bool:
    if not value.has_tail:
        return not max(abs(value.lower), abs(value.upper)) < limit
    return (value.above(limit) + value.below(-limit)) * count > _RARE


def _beyond(what: str, limit: float, unit: str) -> ConfigurationError:
    return ConfigurationError(
        f"{what} is beyond what SpiNNaker's numbers hold: it must be below {limit:.6g} {unit}; is it meant in "
        "another unit?"
    )
