"""Run one simulation on one back end, in the same way for every caller: load, build, run, collect, close, check.

A single run, a sweep's child, a rerun, a comparison's spread and a benchmark all go through :func:`simulate`.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.base import Backend, Collected, Workspace
from varesearch.backends.faults import ErrorWatch, SimulatorError
from varesearch.causes import chain
from varesearch.config.schema import Config
from varesearch.network.estimate import MOST_SOURCE_SPIKES
from varesearch.network.model import Network, Population
from varesearch.recording import PopulationRecording, Recording, Signal
from varesearch.result import Result, Status

logger = logging.getLogger(__name__)

LARGEST_STATE = 1e30
"""In mV, mV/ms, nA or µS: a state variable is this large only if the integration diverged."""

Progress = Callable[[float], None]


def probe(backend: Backend, workspace: Workspace) -> None:
    """Check whether the run can begin: does the machine or server that it needs answer, and can its code be compiled?

    Commands call this before anything is drawn or tracked. Raises BackendUnavailableError if the run cannot begin.
    """
    backend.probe()
    if workspace.cache is not None:
        backend.compile(workspace)


def simulate(
    network: Network,
    backend: Backend,
    workspace: Workspace | None = None,
    progress: Callable[[], AbstractContextManager[Progress]] = lambda: nullcontext(_unseen),
) -> Result:
    """Simulate ``network`` on a back end, from its import to its closing.

    Parameters
    ----------
    network
        The network to simulate.
    backend
        The simulator and its settings, as :func:`varesearch.preflight.prepare` returns it.
    workspace
        Folder, cache and timer; the phases ``import``, ``build``, ``simulate`` and ``collect`` are timed there, and
        ``compile`` if the back end compiles code.
    progress
        Returns a context manager that is entered for the simulation. Its value is called with the simulated time in ms.

    Returns
    -------
    Result
        The recording, status and metrics. Store the recording before calling
        :meth:`~varesearch.result.Result.require_sound`.

    Raises
    ------
    SimulatorError
        The memory was not sufficient, or the simulation ended with an error of a simulator or compiler.
    Exception
        Whatever ended the simulation.
    """
    workspace = workspace or Workspace()
    phases = workspace.phases
    # While the synapses are there: afterwards they would have to be drawn again.
    network_hash = network.hash
    with ErrorWatch() as watch:
        try:
            with phases.phase("import"):
                backend.load()
            with phases.entering("build", backend.build(network, workspace)) as simulation:
                # The simulator has its own copy now. Back ends for large networks have freed each projection already.
                network.forget_synapses()
                with phases.phase("simulate"), progress() as report:
                    simulation.run(report)
                with phases.phase("collect"):
                    collected = simulation.collect()
                    diverged = impossible_states(collected.final_state, network)
        except Exception as error:
            if out_of_memory(error):
                raise SimulatorError(_no_memory(network)) from error
            # Simulators wrap exceptions in their own, whose messages are less informative.
            wrapped = next((cause for cause in chain(error) if isinstance(cause, SimulatorError)), error)
            raise wrapped from (None if wrapped is error else error)
    recording = collected.recording
    if recording is not None:
        recording = replace(recording, populations=_as_drawn(recording.populations, network, backend.config))
        if backend.config.recording.sources:
            recording = replace(recording, sources=_kept_sources(network))
    impossible = [] if recording is None else impossible_values(recording)
    return Result(
        status=_status(collected),
        network_hash=network_hash,
        recording=recording,
        reasons=collected.degraded,
        advice=collected.advice,
        metrics=collected.metrics,
        phases=dict(phases.times),
        inner_s=collected.seconds,
        provenance=collected.provenance,
        # A recorded signal is more informative than the final state, since it shows when the divergence began.
        faults=(*watch.faults, *(impossible or diverged)),
    )


def _kept_sources(network: Network) -> dict[str, PopulationRecording]:
    spikes = sum(source.n_spikes for source in network.sources)
    if spikes > MOST_SOURCE_SPIKES:
        logger.warning(
            "the %s spikes of the sources are not kept, since they are more than %s; the seed draws them again",
            f"{spikes:,}",
            f"{MOST_SOURCE_SPIKES:,}",
        )
        return {}
    return source_recordings(network)


def source_recordings(network: Network) -> dict[str, PopulationRecording]:
    """Return the spikes of the sources: name -> spikes. The network holds them, so that no simulator records them."""
    recordings = {}
    for source in network.sources:
        ids, steps = source.sources, source.steps
        if source.counts is not None:
            ids, steps = np.repeat(ids, source.counts), np.repeat(steps, source.counts)
        times_ms = steps.astype(np.float64) * network.dt_ms
        recordings[source.name] = PopulationRecording(source.name, source.size, ids, times_ms)
    return recordings


def _as_drawn(
    populations: Mapping[str, PopulationRecording], network: Network, config: Config
) -> dict[str, PopulationRecording]:
    """Return the recordings with what is known of the cells: the receptors of their synapses, reversal potentials."""
    kinds: dict[str, set[str]] = {}
    for projection in network.projections:
        kinds.setdefault(projection.pre, set()).add(projection.receptor)
    only = {name: next(iter(found)) if len(found) == 1 else "" for name, found in kinds.items()}
    # A network that a program made may have other populations than the settings.
    only = config.structure.acts_on | only
    cells = {population.name: population for population in network.populations}
    return {
        name: replace(
            it,
            receptor=only.get(name, ""),
            signals={key: _with_reversal(signal, cells[name]) for key, signal in it.signals.items()},
        )
        for name, it in populations.items()
    }


def _with_reversal(signal: Signal, population: Population) -> Signal:
    """Return the signal with the potentials to which it drives v, if it is a conductance."""
    name = population.cell.synapse.reversals.get(signal.name)
    if name is None:
        return signal
    of_all = np.broadcast_to(
        np.asarray(population.parameters.get(name, getattr(population.cell, name)), np.float64), population.size
    )
    return replace(signal, reversal_mv=of_all[signal.ids])


def _status(collected: Collected) -> Status:
    if collected.recording is None:
        return Status.MAPPED
    return Status.DEGRADED if collected.degraded else Status.FINISHED


def out_of_memory(error: BaseException | None) -> bool:
    """Return whether a lack of memory caused the error, which simulators wrap in exceptions of their own."""
    return any(isinstance(cause, MemoryError) or "std::bad_alloc" in str(cause) for cause in chain(error))


def _no_memory(network: Network) -> str:
    return (
        f"not enough memory for {network.n_cells:,} cells, {network.n_synapses:,} synapses and the recording of "
        f"{network.n_steps:,} steps; record fewer cells (recording.cells) or less often (recording.interval_ms), run "
        "a shorter simulation.duration_ms or a smaller network"
    )


def impossible_states(states: Mapping[str, Mapping[str, NDArray[np.float64]]], network: Network) -> list[str]:
    """Return one line for each population in which the final state of a cell is not finite or is impossibly large.

    Once v is NaN it stays NaN, and the cell never fires again. Without this check, a network that diverged without a
    recorded signal would look like a silent one.
    """
    faults = []
    for population, state in states.items():
        for variable, values in state.items():
            bad = np.flatnonzero(_impossible(values))
            if bad.size:
                faults.append(
                    f"{variable} of {population} is {values[bad[0]]} at the end of the run in {bad.size:,} of "
                    f"{values.size:,} cells (first in cell {bad[0]}): {_diverged(network.dt_ms)}"
                )
                break
    return faults


def _impossible(values: NDArray[Any]) -> NDArray[np.bool_]:
    # isfinite is not enough: NEST keeps v at the lowest float, -1.8e308, where others reach minus infinity.
    return ~(np.abs(values) < LARGEST_STATE)


def _diverged(dt_ms: float) -> str:
    return (
        f"the integration diverged; use a smaller simulation.dt_ms than {dt_ms:g}, and check the units of parameters, "
        "weights and currents"
    )


def impossible_values(recording: Recording) -> list[str]:
    """Return one line for each signal that is not finite or impossibly large, and for impossible spikes."""
    faults = []
    for population in recording.populations.values():
        for signal in population.signals.values():
            bad = _impossible(signal.values)
            if bad.any():
                sample = int(np.argmax(bad.any(axis=1)))
                cell = int(signal.ids[np.argmax(bad[sample])])
                faults.append(
                    f"{signal.name} of {population.name} is {signal.values[sample][bad[sample]][0]} from "
                    f"{signal.times_ms[sample]:g} ms on (first in cell {cell}): {_diverged(recording.dt_ms)}"
                )
        if why := _impossible_spikes(population, recording):
            faults.append(f"{population.name}: the simulator gave back {why}")
    return faults


def _impossible_spikes(population: PopulationRecording, recording: Recording) -> str:
    ids, times_ms = population.spike_ids, population.spike_times_ms
    if not ids.size:
        return ""
    if not np.isfinite(times_ms).all() or times_ms.min() < 0 or times_ms.max() > recording.duration_ms:
        return f"spikes from {times_ms.min():g} to {times_ms.max():g} ms in a run of {recording.duration_ms:g} ms"
    if ids.min() < 0 or ids.max() >= population.size:
        return f"spikes of cells {ids.min()} to {ids.max()} of {population.size}"
    return ""


def _unseen(_simulated_ms: float) -> None:
    """Do not show progress."""
