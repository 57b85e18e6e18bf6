"""A known-answer test: does a simulator on this machine give the right spike trains for a small network?

For each cell model of a back end there are two populations of one cell: one driven by a constant current, one that
receives a single strong spike with a delay of four steps. The right answers do not come from a simulator: for the
integrate-and-fire cells they follow from the closed-form solution of the membrane equation, for Izhikevich's cell from
a plain loop over the published equations (Izhikevich 2003; on SpiNNaker the midpoint rule of Hopkins and Furber 2015),
and for the others they are kept here as scipy's LSODA solved the published equations.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from varesearch.backends import backend_class
from varesearch.backends.base import Workspace
from varesearch.config.backend import BackendSettings
from varesearch.config.cell import Cell, Synapse
from varesearch.config.errors import ConfigurationError
from varesearch.config.parts import part_name, parts
from varesearch.config.schema import Config, RecordingConfig, SimulationConfig
from varesearch.config.values import Constant
from varesearch.model.rules.fixed_probability import FixedProbability
from varesearch.model.stimuli.none import NoStimulus
from varesearch.network.model import Network, Population, Projection, SpikeSource
from varesearch.simulation import probe, simulate

DT_MS, STEPS = 1.0, 60
"""So few steps that fixed point (SpiNNaker) gives the same spikes as floating point; the sixth spike would differ."""

FINE_MS, FINE_STEPS = 0.1, 300
"""For cells that refuse a step of :data:`DT_MS`: they are in a network of their own."""

FIRED, DELAY = 10, 4
"""The step in which the source fires, and the delay of its synapses in steps."""

_REST_MV, _THRESHOLD_MV, _TAU_MS, _HELD = -65.0, -50.0, 20.0, 3
_LEAKY = ("if_cond_exp", "if_cond_alpha", "if_curr_exp", "if_curr_alpha", "if_curr_delta")
_IZHIKEVICH = ("izhikevich", "izhikevich_cond_exp", "izhikevich_delta")
"""The cells whose answers are computed here."""

_WEIGHTS = {
    Synapse.CONDUCTANCE: 1.0,
    Synapse.ALPHA_CONDUCTANCE: 0.5,
    Synapse.CURRENT: 40.0,
    Synapse.ALPHA: 40.0,
    Synapse.VOLTAGE_STEP: 20.0,
}
"""The weight of the single spike: enough to reach the threshold in the step in which it acts, but only once."""

_IZHIKEVICH_WEIGHTS = {Synapse.CURRENT: 150.0, Synapse.CONDUCTANCE: 2.0, Synapse.VOLTAGE_STEP: 150.0}

_TAU_SYN_MS = {Synapse.ALPHA_CONDUCTANCE: 0.5}
"""Other than 1 ms: an alpha conductance that has to be over when the refractory period is."""


@dataclass(frozen=True)
class Solved:
    """A cell whose spikes were solved beforehand, far enough from the ends of the steps for any scheme to meet them.

    The suite solves the equations again and compares (``tests/backends/test_known_answers.py``).

    Attributes
    ----------
    settings
        The settings of the driven cell; the other one has no ``i_offset``.
    weight
        The weight of the single spike.
    initial
        The state at time 0, beside v = -65 mV.
    driven, hit
        The steps in which the cells fire.
    """

    settings: Mapping[str, float]
    weight: float
    initial: Mapping[str, float]
    driven: tuple[int, ...]
    hit: tuple[int, ...] = (FIRED + DELAY,)


_LIF = {"v_rest": _REST_MV, "v_reset": _REST_MV, "v_thresh": _THRESHOLD_MV, "cm": 1.0, "tau_m": _TAU_MS}
_LIF |= {"tau_refrac": _HELD * DT_MS}
_FAST = {"tau_syn_E": 1.0, "tau_syn_I": 1.0}

SOLVED: Mapping[str, Solved] = {
    "aeif_cond_exp": Solved(_FAST | {"i_offset": 1.23}, 1.0, {"w": 0.0}, (7, 19, 32, 46)),
    "aeif_cond_alpha": Solved({"tau_syn_E": 0.5, "tau_syn_I": 0.5, "i_offset": 1.23}, 1.0, {"w": 0.0}, (7, 19, 32, 46)),
    "hh_cond_exp": Solved(
        _FAST | {"i_offset": 1.2}, 0.2, {"m": 0.02, "h": 0.95, "n": 0.1}, (24, 91, 158, 224, 291), (21,)
    ),
    "if_curr_exp_ca2": Solved(_LIF | _FAST | {"i_offset": 2.0, "i_alpha": 0.3}, 40.0, {"i_ca2": 0.0}, (9, 24, 40, 58)),
}
"""A cell that is neither here nor above is left out until somebody works its answers out."""


@dataclass(frozen=True)
class Answer:
    """The spike trains of one cell model, in steps, by population: the known ones and those of the simulator."""

    model: str
    expected: dict[str, list[int]]
    found: dict[str, list[int]]

    @property
    def right(self) -> bool:
        """Whether the simulator's spike trains are the known ones."""
        return self.expected == self.found


def known_answer(
    settings: BackendSettings, cache: Path | None = None, models: Collection[str] | None = None
) -> list[Answer]:
    """Simulate the small network on a back end, and compare its spikes with the known ones.

    Parameters
    ----------
    settings
        The settings of the back end (code generation target, machine, threads).
    cache
        Where compiled code may be kept.
    models
        The names of the cells; None: all that the back end has.

    Returns
    -------
    list of Answer
        One for each cell whose spikes are known; empty if the back end has none of them, or only maps the network.

    Raises
    ------
    ConfigurationError
        The back end cannot be used here.
    SimulatorError
        It reported an error, or what it recorded is impossible.
    """
    kind = backend_class(type(settings))
    known = {name: cell for name, cell in parts(Cell).items() if name in (*_LEAKY, *_IZHIKEVICH, *SOLVED)}
    chosen = [cell for name, cell in known.items() if kind.integrators(cell) and (models is None or name in models)]
    if not chosen:
        return []
    cells = [cell_of(cell) for cell in chosen]
    together = [network for network in (_network(cells, False), _network(cells, True)) if network is not None]
    trains: dict[str, list[int]] = {}
    for network in together:
        found = _trains(network, settings, cache, first=network is together[0])
        if found is None:
            return []
        trains |= found

    def compared(cell: Cell) -> list[str]:
        return [name for name in ("driven", "hit") if (cell.model, name) not in kind.unknown_answers]

    return [
        Answer(
            cell.model,
            {name: _expected(cell, name, kind.integrator(cell)) for name in compared(cell)},
            {name: trains[f"{cell.model}_{name}"] for name in compared(cell)},
        )
        for cell in cells
    ]


def _trains(
    network: Network, settings: BackendSettings, cache: Path | None, first: bool
) -> dict[str, list[int]] | None:
    """The steps in which each cell fires on the back end; None if it only maps the network."""
    config = Config(
        cell=replace(network.populations[0].cell),
        connectivity=FixedProbability(n=network.n_cells, weight_exc=Constant(1.0), weight_inh=Constant(1.0)),
        stimulus=NoStimulus(),
        backend=settings,
        simulation=SimulationConfig(duration_ms=network.duration_ms, dt_ms=network.dt_ms),
        recording=RecordingConfig(signals=[]),
    )
    backend, workspace = backend_class(type(settings))(config), Workspace(cache=cache)
    if first:
        probe(backend, workspace)
    result = simulate(network, backend, workspace)
    result.require_sound()
    if result.recording is None:
        return None
    return {
        name: np.rint(population.spike_times_ms / network.dt_ms).astype(int).tolist()
        for name, population in result.recording.populations.items()
    }


def step_of(cell: Cell) -> float:
    """Return the time step in ms with which a cell is simulated."""
    try:
        cell.check(DT_MS)
    except ConfigurationError:
        return FINE_MS
    return DT_MS


def cell_of(cell: type[Cell]) -> Cell:
    """Return the driven cell of a model."""
    name = part_name(cell)
    if name in SOLVED:
        return cell(**SOLVED[name].settings)  # type: ignore[arg-type]
    settings: dict[str, Any] = {"i_offset": 10.0}
    if name in _LEAKY:
        settings = _LIF | {"i_offset": 1.0}
    if cell.synapse is not Synapse.VOLTAGE_STEP:
        tau_ms = _TAU_SYN_MS.get(cell.synapse, 1.0)
        settings |= {"tau_syn_E": tau_ms, "tau_syn_I": tau_ms}
    return cell(**settings)


def _network(cells: Sequence[Cell], fine: bool) -> Network | None:
    """The cells that are simulated in steps of 1 ms, or those in finer ones; None if there are none."""
    dt_ms, steps = (FINE_MS, FINE_STEPS) if fine else (DT_MS, STEPS)
    populations, projections = [], []
    for cell in cells:
        if step_of(cell) != dt_ms:
            continue
        state = {"v": _REST_MV, "u": -13.0, **(SOLVED[cell.model].initial if cell.model in SOLVED else {})}
        initial = {name: np.array([state[name]]) for name in cell.variables}
        hit = f"{cell.model}_hit"
        populations.append(Population(f"{cell.model}_driven", 1, cell, initial))
        populations.append(Population(hit, 1, replace(cell, i_offset=0.0), initial))
        zero, weight = np.zeros(1, np.int32), np.array([_weight(cell)])
        projections.append(
            Projection(f"to_{hit}", "source", hit, "excitatory", zero, zero, weight, np.array([DELAY], np.int32))
        )
    if not populations:
        return None
    source = SpikeSource("source", 1, np.zeros(1, np.int32), np.array([FIRED], np.int32))
    return Network(dt_ms, steps, 0, tuple(populations), (source,), tuple(projections), ())


def _weight(cell: Cell) -> float:
    if cell.model in SOLVED:
        return SOLVED[cell.model].weight
    return (_IZHIKEVICH_WEIGHTS if cell.model in _IZHIKEVICH else _WEIGHTS)[cell.synapse]


def _expected(cell: Any, population: str, scheme: str) -> list[int]:
    if cell.model in SOLVED:
        return list(SOLVED[cell.model].driven if population == "driven" else SOLVED[cell.model].hit)
    if cell.model in _IZHIKEVICH:
        return _izhikevich(cell, cell.i_offset if population == "driven" else 0.0, population == "hit", scheme)
    if population == "hit":
        return [FIRED + DELAY]
    # v = v_rest + R I (1 - exp(-t / tau)) reaches the threshold after this number of updates.
    rise_mv = _TAU_MS / cell.cm * cell.i_offset
    updates = math.ceil(_TAU_MS / DT_MS * math.log(rise_mv / (rise_mv - (_THRESHOLD_MV - _REST_MV))))
    return list(range(updates - 1, STEPS, updates + _HELD))


def _izhikevich(cell: Any, current: float, hit: bool, scheme: str) -> list[int]:
    """Return the steps in which the cell fires, computed by a plain loop over the equations."""
    v, u, synaptic, h, fired = _REST_MV, -13.0, 0.0, DT_MS, []
    tau_ms = getattr(cell, "tau_syn_E", None)
    gain = 1.0 if scheme == "euler" or tau_ms is None else tau_ms / DT_MS * -math.expm1(-DT_MS / tau_ms)
    for step in range(STEPS):
        arrived = _IZHIKEVICH_WEIGHTS[cell.synapse] * gain if hit and step == FIRED + DELAY else 0.0
        synaptic += arrived if tau_ms is not None else 0.0
        total = current + synaptic * (cell.e_rev_E - v if cell.synapse is Synapse.CONDUCTANCE else 1.0)
        if scheme == "euler":
            slope = 0.04 * v * v + 5 * v + 140 - u + total
            u, v = u + h * cell.a * (cell.b * v - u), v + h * slope
        else:
            drive = total + 140 - u
            half = v + 0.5 * h * ((0.04 * v + 5) * v + drive)
            recovery = 0.5 * h * cell.a * (cell.b * v - u)
            v, u = (
                v + h * (drive - recovery + (0.04 * half + 5) * half),
                u + h * cell.a * (cell.b * half - (u + recovery)),
            )
        h = DT_MS
        v += arrived if tau_ms is None else 0.0
        synaptic *= math.exp(-DT_MS / tau_ms) if tau_ms is not None else 0.0
        if v >= 30.0:
            fired.append(step)
            v, u = cell.c, u + cell.d
            h = DT_MS if scheme == "euler" else 1.85 * DT_MS
    return fired
