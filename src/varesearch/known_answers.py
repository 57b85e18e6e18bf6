"""A known-answer test: does a simulator on this machine give the right spike trains for a small network?

For each cell model of a back end there are two populations of one cell: one driven by a constant current, one that
receives a single strong spike with a delay of four steps. The right answers do not come from a simulator: for the
integrate-and-fire cells they follow from the closed-form solution of the membrane equation, for Izhikevich's cell from
a plain loop over the published equations (Izhikevich 2003; on SpiNNaker the midpoint rule of Hopkins and Furber 2015).
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from varesearch.backends import backend_class
from varesearch.backends.base import Workspace
from varesearch.config.backend import BackendSettings
from varesearch.config.cell import Cell, Synapse
from varesearch.config.parts import part_name, parts
from varesearch.config.schema import Config, RecordingConfig, SimulationConfig
from varesearch.config.values import Constant
from varesearch.model.rules.fixed_probability import FixedProbability
from varesearch.model.stimuli.none import NoStimulus
from varesearch.network.model import Network, Population, Projection, SpikeSource
from varesearch.simulation import probe, simulate

DT_MS, STEPS = 1.0, 60
"""So few steps that fixed point (SpiNNaker) gives the same spikes as floating point; the sixth spike would differ."""

FIRED, DELAY = 10, 4
"""The step in which the source fires, and the delay of its synapses in steps."""

_REST_MV, _THRESHOLD_MV, _TAU_MS, _HELD = -65.0, -50.0, 20.0, 3
_LEAKY = ("if_cond_exp", "if_cond_alpha", "if_curr_exp", "if_curr_alpha", "if_curr_delta")
_IZHIKEVICH = ("izhikevich", "izhikevich_cond_exp", "izhikevich_delta")
"""The cells whose answers are known without a simulator. Another cell is left out until somebody works them out."""

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
    known = {name: cell for name, cell in parts(Cell).items() if name in (*_LEAKY, *_IZHIKEVICH)}
    chosen = [cell for name, cell in known.items() if kind.integrators(cell) and (models is None or name in models)]
    if not chosen:
        return []
    cells = [_cell(cell) for cell in chosen]
    network = _network(cells)
    config = Config(
        cell=replace(cells[0]),
        connectivity=FixedProbability(n=2 * len(cells), weight_exc=Constant(1.0), weight_inh=Constant(1.0)),
        stimulus=NoStimulus(),
        backend=settings,
        simulation=SimulationConfig(duration_ms=network.duration_ms, dt_ms=DT_MS),
        recording=RecordingConfig(signals=[]),
    )
    backend, workspace = kind(config), Workspace(cache=cache)
    probe(backend, workspace)
    result = simulate(network, backend, workspace)
    result.require_sound()
    if result.recording is None:
        return []
    trains = {
        name: np.rint(population.spike_times_ms / DT_MS).astype(int).tolist()
        for name, population in result.recording.populations.items()
    }

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


def _cell(cell: type[Cell]) -> Cell:
    settings: dict[str, Any] = {"i_offset": 10.0}
    if part_name(cell) in _LEAKY:
        settings = {"v_rest": _REST_MV, "v_reset": _REST_MV, "v_thresh": _THRESHOLD_MV, "cm": 1.0, "tau_m": _TAU_MS}
        settings |= {"tau_refrac": _HELD * DT_MS, "i_offset": 1.0}
    if cell.synapse is not Synapse.VOLTAGE_STEP:
        tau_ms = _TAU_SYN_MS.get(cell.synapse, 1.0)
        settings |= {"tau_syn_E": tau_ms, "tau_syn_I": tau_ms}
    return cell(**settings)


def _network(cells: list[Cell]) -> Network:
    populations, projections = [], []
    for cell in cells:
        initial = {name: np.array([{"v": _REST_MV, "u": -13.0}[name]]) for name in cell.variables}
        hit = f"{cell.model}_hit"
        populations.append(Population(f"{cell.model}_driven", 1, cell, initial))
        populations.append(Population(hit, 1, replace(cell, i_offset=0.0), initial))
        size = (_IZHIKEVICH_WEIGHTS if cell.model in _IZHIKEVICH else _WEIGHTS)[cell.synapse]
        zero, weight = np.zeros(1, np.int32), np.array([size])
        projections.append(
            Projection(f"to_{hit}", "source", hit, "excitatory", zero, zero, weight, np.array([DELAY], np.int32))
        )
    source = SpikeSource("source", 1, np.zeros(1, np.int32), np.array([FIRED], np.int32))
    return Network(DT_MS, STEPS, 0, tuple(populations), (source,), tuple(projections), ())


def _expected(cell: Any, population: str, scheme: str) -> list[int]:
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
