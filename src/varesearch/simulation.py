"""One simulation on one back end, the same for every caller: build, run, collect, and judge what came back.

A single run, a sweep's child, a rerun, a comparison's spread and a benchmark all go through :func:`simulate`.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.base import Backend
from varesearch.backends.faults import ErrorWatch, SimulatorError, chain
from varesearch.network.model import Network
from varesearch.recording import PopulationRecording, Recording

LARGEST_STATE = 1e30
"""In mV, mV/ms, nA or µS: no state variable of a cell is as large, unless the integration diverged."""

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Simulated:
    """What a back end gave back, and what is wrong with it.

    ``recording`` is None where nothing was simulated (a mapping only). ``faults`` holds one line for each error that
    the simulator reported and each impossible value that it recorded: with any, the numbers must not be used, but
    they may be kept.
    """

    recording: Recording | None
    faults: tuple[str, ...] = ()

    def require_sound(self) -> None:
        """Raise SimulatorError, with the first fault and the number of others, if there is any."""
        if self.faults:
            others = len(self.faults) - 1
            raise SimulatorError(self.faults[0] + (f" (and {others} more in the log)" if others else ""))


def simulate(
    backend: Backend,
    network: Network,
    phase: Callable[[str], AbstractContextManager[Any]] = nullcontext,
    progress: Callable[[], AbstractContextManager[Progress]] = lambda: nullcontext(_unseen),
) -> Simulated:
    """Hand ``network`` to a loaded ``backend``, simulate it and read the recording.

    Parameters
    ----------
    backend
        Not built yet; the caller closes it.
    network
        What is simulated.
    phase
        Entered with ``build``, ``simulate`` and ``collect`` around these parts, to time them.
    progress
        Makes the context, entered around the simulation, whose value takes the simulated time in ms.

    Returns
    -------
    Simulated
        To be kept before :meth:`Simulated.require_sound` is asked.

    Raises
    ------
    SimulatorError
        The memory of this machine was not enough, or an error was reported before an exception ended the simulation
        that says nothing itself.
    Exception
        Whatever ended the simulation.
    """
    with ErrorWatch() as watch:
        try:
            with phase("build"):
                backend.build(network)
            with phase("simulate"), progress() as report:
                backend.run(report)
            with phase("collect"):
                recording = backend.collect()
                diverged = impossible_states(backend.final_state(), network)
        except Exception as error:
            if out_of_memory(error):
                raise SimulatorError(_no_memory(network)) from error
            # Simulators wrap what passes through them in exceptions of their own, whose text says less.
            wrapped = next((one for one in chain(error) if isinstance(one, SimulatorError)), error)
            raise wrapped from (None if wrapped is error else error)
    impossible = [] if recording is None else impossible_values(recording)
    # A recorded signal says more than the final state: when it began.
    return Simulated(recording, (*watch.faults, *(impossible or diverged)))


def out_of_memory(error: BaseException | None) -> bool:
    """Is lack of memory the reason, at whatever depth? Simulators wrap the exception in their own."""
    return any(isinstance(one, MemoryError) or "std::bad_alloc" in str(one) for one in chain(error))


def _no_memory(network: Network) -> str:
    return (
        f"not enough memory for {network.n_cells:,} cells, {network.n_synapses:,} synapses and the recording of "
        f"{network.n_steps:,} steps; record fewer cells (recording.cells) or less often (recording.interval_ms), run "
        "a shorter simulation.duration_ms or a smaller network"
    )


def impossible_states(states: Mapping[str, Mapping[str, NDArray[np.float64]]], network: Network) -> list[str]:
    """One line for each population whose cells ended in a state that is not finite, or out of all bounds.

    Once v is no number it stays none, and its cell never fires again: without this a network that diverged while no
    signal of it was recorded would pass for a silent one.
    """
    found = []
    for population, state in states.items():
        for variable, values in state.items():
            bad = np.flatnonzero(_impossible(values))
            if bad.size:
                found.append(
                    f"{variable} of {population} is {values[bad[0]]} at the end of the run in {bad.size:,} of "
                    f"{values.size:,} cells (first in cell {bad[0]}): {_diverged(network.dt_ms)}"
                )
                break
    return found


def _impossible(values: NDArray[Any]) -> NDArray[np.bool_]:
    # Not isfinite alone: NEST holds v at the lowest float, -1.8e308, where others go on to minus infinity.
    return ~(np.abs(values) < LARGEST_STATE)


def _diverged(dt_ms: float) -> str:
    return (
        f"the integration diverged; take a smaller simulation.dt_ms than {dt_ms:g}, and look for a parameter, weight "
        "or current given in another unit"
    )


def impossible_values(recording: Recording) -> list[str]:
    """One line for each signal that is not finite or within all bounds, for spikes of no cell or outside the run."""
    found = []
    for population in recording.populations.values():
        for signal in population.signals.values():
            bad = _impossible(signal.values)
            if bad.any():
                sample = int(np.argmax(bad.any(axis=1)))
                cell = int(signal.ids[np.argmax(bad[sample])])
                found.append(
                    f"{signal.name} of {population.name} is {signal.values[sample][bad[sample]][0]} from "
                    f"{signal.times_ms[sample]:g} ms on (first in cell {cell}): {_diverged(recording.dt_ms)}"
                )
        if why := _impossible_spikes(population, recording):
            found.append(f"{population.name}: the simulator gave back {why}")
    return found


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
    """Progress is not shown."""
