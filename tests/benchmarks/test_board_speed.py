"""The software board's own speed: the seed network's simulated second, and large networks with spikes on 48 chips.

CPU time, since other work on the machine disturbs it least; nothing about time is asserted, but that translated code
leaves the same bits is.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from board_replay import Replay, loaded_and_run, loaded_board, replay, translations

from spinnaker_board.server import Server

ROUNDS = 5


def _say(what: str, result: Replay) -> str:
    share = result.translated / result.instructions
    return (
        f"{what}: {result.cpu_s:.2f} s of CPU, {result.instructions / 1e6:.0f} M instructions, "
        f"{result.instructions / result.cpu_s / 1e6:.0f} M/s, {share:.0%} of them translated"
    )


@pytest.mark.benchmark
@pytest.mark.timeout(900)
def test_a_second_of_the_seed_network(tmp_path: Path, benchmark: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """From the start signal on, interpreted and translated in turns, each in a fork of the same loaded board."""
    server = loaded_board(["cell=izhikevich", "backend.time_scale_factor=1"], tmp_path)
    files = translations(server, 50, tmp_path)

    def use(which: Server) -> None:
        assert which.monitor is not None
        for file in files:
            which.monitor.machine.core.translate(str(file))

    plain, translated = [], []
    for number in range(ROUNDS):
        plain.append(replay(server, 1000, hashed=number == 0))
        translated.append(replay(server, 1000, use, hashed=number == 0))
    server.close()
    assert plain[0].state == translated[0].state
    best, best_translated = (min(results, key=lambda result: result.cpu_s) for results in (plain, translated))
    benchmark.pedantic(lambda: None, rounds=1)
    benchmark.extra_info.update(interpreted=dataclasses.asdict(best), translated=dataclasses.asdict(best_translated))
    with capsys.disabled():
        print(f"\n{_say('interpreted', best)}\n{_say('translated', best_translated)}")
        print(f"ratio {best.cpu_s / best_translated.cpu_s:.2f}; the same state: {plain[0].state}")


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("cells", [1500, 5000, 10_000])
def test_a_large_network(
    cells: int, threads: int, tmp_path: Path, benchmark: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The seed network at other sizes with 30 synapses a cell, as it has them, on a SpiNN-5: 200 ms with its burst."""
    overrides = ["cell=izhikevich", f"connectivity.n={cells}", f"connectivity.p={30 / cells}", "recording.signals=[]"]
    overrides += ["backend.time_scale_factor=1", "simulation.duration_ms=200", "stimulus=thalamic_burst"]
    result = benchmark.pedantic(loaded_and_run, args=(overrides, tmp_path, 5, threads, 200), rounds=1)
    benchmark.extra_info.update(dataclasses.asdict(result))
    with capsys.disabled():
        print(f"\n{_say(f'{cells} cells, {threads} threads', result)}; {result.wall_s:.1f} s of wall time,")
        print(f"{result.packets} packets, {result.cores} cores, {result.resident_mb:.0f} MB resident")
