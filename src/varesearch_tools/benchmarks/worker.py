"""One network on one back end, phases apart: ``python -m varesearch_tools.benchmarks.worker OVERRIDES``.

The phases are those of a run without tracking, analysis and figures: ``draw``, ``import``, ``compile`` (code that is
kept for later runs or built for this one; only if there is any), ``build``, ``simulate``, ``collect``.
"""

import sys
from collections.abc import Sequence
from contextlib import nullcontext, suppress

import numpy as np
import psutil

from varesearch.backends.base import Workspace
from varesearch.config.compose import compose
from varesearch.network import Network, draw
from varesearch.preflight import prepare
from varesearch.recording import Recording
from varesearch.simulation import probe, simulate
from varesearch.tracking.location import cache_folder
from varesearch.tracking.tags import result_tags
from varesearch_tools.benchmarks.measured import Measured


def measure(overrides: Sequence[str]) -> Measured:
    """Simulate the network that ``overrides`` describe, once.

    Raises ConfigurationError for what cannot be run, ValueError for a back end that simulates nothing.
    """
    config = compose(overrides).config
    backend, workspace = prepare(config), Workspace(cache=cache_folder())
    probe(backend, workspace)
    with workspace.phases.phase("draw"):
        network = draw(config)
    board = _Board()
    look = board.look if config.backend.name == "spinnaker" else _quiet
    result = simulate(network, backend, workspace, lambda: nullcontext(look))
    result.require_sound()
    if result.recording is None:
        raise ValueError("nothing was simulated: there is no speed to measure")
    facts = {**_facts(network, result.recording), **board.facts()}
    facts |= {f"backend.{name}": value for name, value in result.metrics.items()}
    notes = {**result_tags(result), "network": network.hash[:12]}
    return Measured.here(workspace.phases, facts, result.inner_s, notes)


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
    measure(sys.argv[1:]).report()
