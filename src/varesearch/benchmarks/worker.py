"""One network on one back end, phases apart, in this process: ``python -m varesearch.benchmarks.worker OVERRIDES``.

The phases are those of a run without tracking, analysis and figures: ``import``, ``draw``, ``compile`` (code that is
kept for later runs or built for this one), ``build``, ``simulate``, ``collect``.
"""

import sys
from collections.abc import Sequence
from contextlib import closing, nullcontext, suppress

import numpy as np
import psutil

from varesearch.backends import backend_class
from varesearch.benchmarks.measured import Measured
from varesearch.config.compose import compose
from varesearch.network import Network, draw
from varesearch.phases import Phases
from varesearch.preflight import check
from varesearch.recording import Recording
from varesearch.simulation import simulate
from varesearch.tracking.root import cache_folder

_COMPILING = "build: generate and compile"
"""Brian2's name, among a back end's own phases, for the part of ``build`` that makes a program."""


def measure(overrides: Sequence[str]) -> Measured:
    """Simulate the network that ``overrides`` describe, once.

    Raises ConfigurationError for what cannot be run, ValueError for a back end that simulates nothing.
    """
    config = compose(overrides).config
    check(config)
    phases = Phases()
    backend = backend_class(config.backend.name)(config)
    backend.cache = cache_folder()
    with closing(backend):
        with phases.phase("import"):
            backend.load()
        with phases.phase("draw"):
            network = draw(config)
        with phases.phase("compile"):
            backend.probe()
        board = _Board()
        look = board.look if config.backend.name == "spinnaker" else _quiet
        simulated = simulate(backend, network, phases.phase, lambda: nullcontext(look))
        simulated.require_sound()
        recording = simulated.recording
        if recording is None:
            raise ValueError("nothing was simulated: there is no speed to measure")
        facts = {**_facts(network, recording), **board.facts()}
        facts |= {f"backend.{name}": value for name, value in backend.metrics().items()}
        within = backend.phase_seconds()
        notes = {**backend.tags(), "network": network.hash[:12]}
    if _COMPILING in within:
        # Wall time only: the back end does not say how much CPU time it was; all of that stays in build.
        phases.add("compile", within[_COMPILING], 0.0)
        phases.add("build", -within[_COMPILING], 0.0)
    return Measured.here(phases, facts, within, notes)


def synaptic_events(network: Network, recording: Recording) -> int:
    """Spikes that arrived at a synapse's source: each spike counts as many times as its cell has synapses."""
    events = 0
    for projection in network.projections:
        if projection.pre in recording.populations:
            size = recording.populations[projection.pre].size
            fired = recording.populations[projection.pre].spike_ids
        else:
            size, fired = network.source(projection.pre).size, network.source(projection.pre).sources
        out_degree = np.bincount(projection.sources, minlength=size)
        events += int(out_degree[fired].sum())
    return events


class _Board:
    """What a software board, which runs in a child of this process, uses while it simulates."""

    def __init__(self) -> None:
        self._points: list[tuple[float, float]] = []
        self._memory_mb = 0.0

    def look(self, simulated_ms: float) -> None:
        """Note the CPU seconds of the children at this simulated time, and their memory."""
        used = memory = 0.0
        for child in psutil.Process().children():
            with suppress(psutil.NoSuchProcess):
                spent = child.cpu_times()
                used += spent.user + spent.system
                memory += child.memory_info().rss / 1e6
        self._memory_mb = max(self._memory_mb, memory)
        if used and (not self._points or simulated_ms > self._points[-1][0]):
            self._points.append((simulated_ms, used))

    def facts(self) -> dict[str, float]:
        """CPU s of the board for a simulated second and in its whole life, and its memory; nothing without a board."""
        if len(self._points) < 2:
            return {}
        (begin_ms, begin_s), (end_ms, end_s) = self._points[0], self._points[-1]
        return {
            "board_cpu_s_per_simulated_s": (end_s - begin_s) / (end_ms - begin_ms) * 1e3,
            "board_cpu_s": end_s,
            "board_memory_mb": self._memory_mb,
        }


def _quiet(_simulated_ms: float) -> None:
    """Progress is not shown."""


def _facts(network: Network, recording: Recording) -> dict[str, float]:
    return {
        "cells": network.n_cells,
        "synapses": network.n_synapses,
        "spikes": sum(len(population.spike_ids) for population in recording.populations.values()),
        "synaptic_events": synaptic_events(network, recording),
        "simulated_ms": network.duration_ms,
    }


if __name__ == "__main__":
    measure(sys.argv[1:]).tell()
