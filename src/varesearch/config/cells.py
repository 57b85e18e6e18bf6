"""The cell models and their parameters, under PyNN's names, in the project's one set of units.

Units: potentials mV, times ms, capacitance nF, currents nA, conductances µS; for the two Izhikevich cells, whose
equations have no capacitance, a current is in mV/ms, since it is added to dv/dt (Izhikevich 2003, eq. 1). Weights are
magnitudes (>= 0) for every receptor: the receptor's name says the sign, each back end writes it as its simulator wants.

Each class lists its fields with the unit in ``metadata``; :func:`unit_of` reads it.
"""

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from omegaconf import MISSING

from varesearch.config import ranges
from varesearch.config.ranges import Range

AUTO = "auto"
"""The value of ``cell.integrator`` that leaves the choice to the back end."""


@dataclass(frozen=True)
class UnitOfCell:
    """The unit of a setting that depends on the chosen cell: it is the unit of the cell's field ``name``."""

    name: str


WEIGHT_UNIT = UnitOfCell("weight_exc")
"""All weights of a cell have the same unit: that of a current, a conductance or a voltage step."""
CURRENT_UNIT = UnitOfCell("i_offset")


def quantity(
    default: Any,
    unit: str | UnitOfCell,
    what: str,
    choices: tuple[str, ...] = (),
    sense: Range | None = None,
    hard: Range | None = None,
) -> Any:
    """A field of a settings dataclass.

    Parameters
    ----------
    default
        Its value if the user gives none; it may be None, a relation (``${cell.weight_exc}``) or a dict.
    unit
        Its unit; ``""`` for a pure number or a name.
    what
        Its meaning in one line, for ``--help`` and the reference.
    choices
        All possible values, if they are few.
    sense
        The plausible range: a value outside is accepted with a warning. If the unit follows the cell, so does this.
    hard
        The range that can be computed with: a value outside is refused. The default for integers is 32 bits.
    """
    metadata = {"unit": unit, "what": what, "choices": choices, "sense": sense, "hard": hard}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def unit_of(config: Any, name: str, cell: Any = None) -> str:
    """The unit of field ``name`` of a settings dataclass.

    Parameters
    ----------
    config
        The settings of a group, or of a part of a group.
    name
        The field.
    cell
        The settings of the cell, if the unit may follow the cell.

    Returns
    -------
    str
        The unit; ``""`` for a pure number or a name, and where the unit follows a cell that is not given.

    Examples
    --------
    >>> unit_of(Izhikevich(), "tau_syn_E")
    'ms'
    """
    unit = next((each.metadata.get("unit", "") for each in fields(config) if each.name == name), "")
    if isinstance(unit, UnitOfCell):
        return unit_of(cell, unit.name) if is_dataclass(cell) else ""
    return unit


def uniform(low: float, high: float) -> dict[str, Any]:
    """A uniform distribution as it is written in the configuration."""
    return {"distribution": "uniform", "low": low, "high": high}


@dataclass
class CellConfig:
    """What all cells share. ``v_init`` and the weights are a number or a distribution (see :mod:`.distributions`)."""

    model: str = MISSING
    integrator: str = quantity(AUTO, "", "scheme of the time step; auto: the first that --backends lists")


@dataclass
class Izhikevich(CellConfig):
    """Izhikevich's cell with exponential synaptic currents, the model SpiNNaker calls ``Izhikevich``.

    dv/dt = 0.04 v² + 5 v + 140 - u + i_offset + i_exc - i_inh;  du/dt = a (b v - u);  v >= 30 mV: v = c, u += d
    (Izhikevich 2003, IEEE Trans. Neural Networks 14:1569, eqs. 1-3); di/dt = -i/tau_syn, a spike adds its weight to i.
    """

    model: str = "izhikevich"
    a: float = quantity(0.02, "1/ms", "rate of the recovery variable", sense=ranges.RECOVERY_RATE_PER_MS)
    b: float = quantity(0.2, "1/ms", "sensitivity of the recovery variable to v", sense=ranges.RECOVERY_SLOPE_PER_MS)
    c: float = quantity(-65.0, "mV", "v after a spike", sense=ranges.POTENTIAL_MV)
    d: float = quantity(2.0, "mV/ms", "added to u at a spike", sense=ranges.RECOVERY_MV_PER_MS)
    i_offset: float = quantity(5.0, "mV/ms", "constant input current", sense=ranges.CURRENT_MV_PER_MS)
    tau_syn_E: float = quantity(
        5.0, "ms", "decay of the excitatory current", sense=ranges.SYNAPTIC_MS, hard=ranges.DIVISOR
    )
    tau_syn_I: float = quantity(
        5.0, "ms", "decay of the inhibitory current", sense=ranges.SYNAPTIC_MS, hard=ranges.DIVISOR
    )
    v_init: Any = quantity(uniform(-65.0, -14.0), "mV", "v at time 0", sense=ranges.POTENTIAL_MV)
    u_init: Any = quantity(-14.0, "mV/ms", "u at time 0", sense=ranges.RECOVERY_MV_PER_MS)
    weight_exc: Any = quantity(
        1.0, "mV/ms", "excitatory weight where connectivity names none", sense=ranges.WEIGHT_MV_PER_MS
    )
    weight_inh: Any = quantity(
        2.5, "mV/ms", "inhibitory weight where connectivity names none", sense=ranges.WEIGHT_MV_PER_MS
    )
    weight_stimulus: Any = quantity(
        0.1, "mV/ms", "weight of the stimulus where stimulus names none", sense=ranges.WEIGHT_MV_PER_MS
    )


@dataclass
class IzhikevichDelta(CellConfig):
    """PyNN's standard ``Izhikevich`` cell: a spike steps v by its weight. Its i_offset here is in mV/ms (PyNN: nA)."""

    model: str = "izhikevich_delta"
    a: float = quantity(0.02, "1/ms", "rate of the recovery variable", sense=ranges.RECOVERY_RATE_PER_MS)
    b: float = quantity(0.2, "1/ms", "sensitivity of the recovery variable to v", sense=ranges.RECOVERY_SLOPE_PER_MS)
    c: float = quantity(-65.0, "mV", "v after a spike", sense=ranges.POTENTIAL_MV)
    d: float = quantity(2.0, "mV/ms", "added to u at a spike", sense=ranges.RECOVERY_MV_PER_MS)
    i_offset: float = quantity(5.0, "mV/ms", "constant input current", sense=ranges.CURRENT_MV_PER_MS)
    v_init: Any = quantity(uniform(-65.0, -50.0), "mV", "v at time 0", sense=ranges.POTENTIAL_MV)
    u_init: Any = quantity(-14.0, "mV/ms", "u at time 0", sense=ranges.RECOVERY_MV_PER_MS)
    weight_exc: Any = quantity(0.5, "mV", "excitatory weight where connectivity names none", sense=ranges.WEIGHT_MV)
    weight_inh: Any = quantity(1.25, "mV", "inhibitory weight where connectivity names none", sense=ranges.WEIGHT_MV)
    weight_stimulus: Any = quantity(
        0.5, "mV", "weight of the stimulus where stimulus names none", sense=ranges.WEIGHT_MV
    )


@dataclass
class _IntegrateAndFire(CellConfig):
    """Leaky integrate-and-fire: cm dv/dt = cm (v_rest - v)/tau_m + i_offset + i_syn (PyNN ``IF_*``)."""

    v_rest: float = quantity(-49.0, "mV", "resting potential", sense=ranges.POTENTIAL_MV)
    v_reset: float = quantity(-60.0, "mV", "v after a spike", sense=ranges.POTENTIAL_MV)
    v_thresh: float = quantity(-50.0, "mV", "spike threshold", sense=ranges.POTENTIAL_MV)
    cm: float = quantity(0.2, "nF", "membrane capacitance", sense=ranges.CAPACITANCE_NF, hard=ranges.DIVISOR)
    tau_m: float = quantity(20.0, "ms", "membrane time constant", sense=ranges.TIME_CONSTANT_MS, hard=ranges.DIVISOR)
    tau_refrac: float = quantity(5.0, "ms", "refractory period", sense=ranges.REFRACTORY_MS)
    i_offset: float = quantity(0.0, "nA", "constant input current", sense=ranges.CURRENT_NA)
    v_init: Any = quantity(uniform(-60.0, -50.0), "mV", "v at time 0", sense=ranges.POTENTIAL_MV)


@dataclass
class IfCondExp(_IntegrateAndFire):
    """PyNN ``IF_cond_exp``: exponential conductances. Defaults: Vogels-Abbott COBA, PyNN's variant (4 / 51 nS)."""

    model: str = "if_cond_exp"
    v_rest: float = quantity(-60.0, "mV", "resting potential", sense=ranges.POTENTIAL_MV)
    tau_syn_E: float = quantity(
        5.0, "ms", "decay of the excitatory conductance", sense=ranges.SYNAPTIC_MS, hard=ranges.DIVISOR
    )
    tau_syn_I: float = quantity(
        10.0, "ms", "decay of the inhibitory conductance", sense=ranges.SYNAPTIC_MS, hard=ranges.DIVISOR
    )
    e_rev_E: float = quantity(0.0, "mV", "excitatory reversal potential", sense=ranges.REVERSAL_MV)
    e_rev_I: float = quantity(-80.0, "mV", "inhibitory reversal potential", sense=ranges.REVERSAL_MV)
    weight_exc: Any = quantity(0.004, "µS", "excitatory weight where connectivity names none", sense=ranges.WEIGHT_US)
    weight_inh: Any = quantity(0.051, "µS", "inhibitory weight where connectivity names none", sense=ranges.WEIGHT_US)
    weight_stimulus: Any = quantity(
        0.1, "µS", "weight of the stimulus where stimulus names none", sense=ranges.WEIGHT_US
    )


@dataclass
class IfCurrExp(_IntegrateAndFire):
    """PyNN ``IF_curr_exp``: exponential currents. Defaults: Vogels-Abbott CUBA, PyNN's variant (+16.2 / -90 pA)."""

    model: str = "if_curr_exp"
    tau_syn_E: float = quantity(
        5.0, "ms", "decay of the excitatory current", sense=ranges.SYNAPTIC_MS, hard=ranges.DIVISOR
    )
    tau_syn_I: float = quantity(
        10.0, "ms", "decay of the inhibitory current", sense=ranges.SYNAPTIC_MS, hard=ranges.DIVISOR
    )
    weight_exc: Any = quantity(0.0162, "nA", "excitatory weight where connectivity names none", sense=ranges.WEIGHT_NA)
    weight_inh: Any = quantity(0.09, "nA", "inhibitory weight where connectivity names none", sense=ranges.WEIGHT_NA)
    weight_stimulus: Any = quantity(
        0.1, "nA", "weight of the stimulus where stimulus names none", sense=ranges.WEIGHT_NA
    )


@dataclass
class IfCurrAlpha(_IntegrateAndFire):
    """PyNN ``IF_curr_alpha``: alpha-shaped currents whose peak is the weight.

    Default weights give the charge of :class:`IfCurrExp`'s: an alpha current of peak w and time constant tau carries
    e w tau, an exponential one w tau.
    """

    model: str = "if_curr_alpha"
    tau_syn_E: float = quantity(
        5.0, "ms", "time to the peak of the excitatory current", sense=ranges.SYNAPTIC_MS, hard=ranges.DIVISOR
    )
    tau_syn_I: float = quantity(
        10.0, "ms", "time to the peak of the inhibitory current", sense=ranges.SYNAPTIC_MS, hard=ranges.DIVISOR
    )
    weight_exc: Any = quantity(
        0.006, "nA", "excitatory weight (peak) where connectivity names none", sense=ranges.WEIGHT_NA
    )
    weight_inh: Any = quantity(
        0.033, "nA", "inhibitory weight (peak) where connectivity names none", sense=ranges.WEIGHT_NA
    )
    weight_stimulus: Any = quantity(
        0.04, "nA", "weight of the stimulus where stimulus names none", sense=ranges.WEIGHT_NA
    )


@dataclass
class IfCurrDelta(_IntegrateAndFire):
    """PyNN ``IF_curr_delta``: a spike steps v by its weight.

    Default weights move v as far as the charge of :class:`IfCurrExp`'s would: w tau_syn / cm.
    """

    model: str = "if_curr_delta"
    weight_exc: Any = quantity(0.4, "mV", "excitatory weight where connectivity names none", sense=ranges.WEIGHT_MV)
    weight_inh: Any = quantity(4.5, "mV", "inhibitory weight where connectivity names none", sense=ranges.WEIGHT_MV)
    weight_stimulus: Any = quantity(
        2.5, "mV", "weight of the stimulus where stimulus names none", sense=ranges.WEIGHT_MV
    )


NOT_EQUATIONS = frozenset({"integrator", "v_init", "u_init", "weight_exc", "weight_inh", "weight_stimulus"})
"""What a cell's settings hold beyond its model and parameters: how it is solved, and what the drawing uses up."""

CELLS: tuple[type[CellConfig], ...] = (Izhikevich, IzhikevichDelta, IfCondExp, IfCurrExp, IfCurrAlpha, IfCurrDelta)
