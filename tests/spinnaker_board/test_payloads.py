"""Payloads between cores of the real binaries: a target receives what its source says that it sent.

sPyNNaker's Poisson source sends one packet a step; of several spikes in a step the number is the payload.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serving import Serving
from spynnaker_process import SpynnakerProcess

from spinnaker_board import layout
from spinnaker_board.server import Server
from spinnaker_board.translation.parts import hot_parts
from spinnaker_board.translation.source import source
from spinnaker_board.translation.worker import compile_parts, find_compiler

PROGRAMS = ("IF_curr_delt", "spike_source")
RATES_HZ = [100.0, 1000.0, 10_000.0]
NETWORK: dict[str, Any] = {"rates_hz": RATES_HZ, "count": 4, "duration_ms": 400}


def _check(results: list[dict[str, Any]], delay: int) -> None:
    """Each step's input is the spikes that the source recorded one delay earlier, whatever their number."""
    steps = NETWORK["duration_ms"]
    for rate_hz, result in zip(RATES_HZ, results, strict=True):
        sent = np.array([np.bincount(np.rint(train).astype(int), minlength=steps) for train in result["spikes"]])
        received = np.array(result["received"])
        assert received.shape == sent.shape == (NETWORK["count"], steps)
        np.testing.assert_array_equal(received[:, delay:], sent[:, :-delay])
        expected = rate_hz / 1000 * sent.size
        assert abs(sent.sum() - expected) < 5 * np.sqrt(expected)
    several = np.array([(np.array(result["received"]) > 1).sum() for result in results])
    assert (several > 0).all()  # steps with more than one spike, at every rate


@pytest.mark.parametrize("delay", [1, 3])
def test_a_target_receives_every_spike_of_a_poisson_source(spynnaker: SpynnakerProcess, delay: int) -> None:
    results = spynnaker.run("poisson_input", **NETWORK, delay_ms=float(delay))
    _check(results, delay)
    cells = [core for core in spynnaker.board.statistics().cores if core.application.startswith("IF_curr_delt")]
    sent = sum(len(np.unique(train)) for result in results for train in result["spikes"])
    assert sum(core.packets_in for core in cells) == sum(core.payloads_in for core in cells) == sent


def _cores(server: Server) -> list[tuple[int, int]]:
    """The cores that ran sources and cells last."""
    assert server.monitor is not None
    machine, applications = server.monitor.machine, server.monitor.applications
    return [
        (chip.index, number)
        for chip in machine.chips
        for number in range(1, layout.CORES)
        if applications.name(chip, number).startswith(PROGRAMS)
    ]


def _translate(server: Server, folder: Path) -> None:
    """Translates what was hot on the cores of sources and cells; they take it when they start again."""
    assert server.monitor is not None
    core, compiler = server.monitor.machine.core, find_compiler()
    assert compiler is not None
    places = {bytes(core.tcm(*place)[0]): place for place in _cores(server)}  # one core for each program
    for place in places.values():
        entered, _, heat = core.profile(*place)
        weights = np.frombuffer(heat, np.uint32)
        hot = {4 * int(n): int(weights[n]) for n in weights.nonzero()[0]}
        parts = hot_parts(bytes(core.tcm(*place)[0]), (4 * np.frombuffer(entered, np.uint8).nonzero()[0]).tolist(), hot)
        if parts:
            compile_parts(source(parts), folder, compiler)
    for file in folder.glob("*.new"):
        core.translate(str(file))


def test_translated_code_sends_and_takes_payloads_too(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    serving = Serving()
    server = serving.server
    process = SpynnakerProcess(serving.board, tmp_path / "host")
    results = []
    for _ in range(2):
        with serving:
            results.append(process.run("poisson_input", **NETWORK, delay_ms=1.0))
        if len(results) == 1:
            _translate(server, tmp_path)
    process.close()
    _check(results[1], 1)
    assert results[0] == results[1]
    assert server.monitor is not None
    counts = [server.monitor.machine.core.statistics(*place) for place in _cores(server)]
    server.close()
    assert len(counts) >= 2 * len(RATES_HZ)
    assert all(count["translated"] > count["instructions"] / 4 for count in counts)
