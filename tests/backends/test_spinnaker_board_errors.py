"""What the software board logs reaches the run: an error fails it, a compiler that fails is a note."""

from pathlib import Path

import pytest
from small_networks import config, network, population

from varesearch.backends.base import Collected, Workspace
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.backend import SpiNNaker
from varesearch.backends.spinnaker.simulation import SpinnakerSimulation
from varesearch.config.schema import RecordingConfig
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.simulation import simulate

DRAWN = network([population("cells", Izhikevich(), [-65.0] * 200)], 2000, 1.0)


def test_a_compiler_that_fails_is_noted_and_an_error_of_the_board_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = tmp_path / "failing-cc"
    compiler.write_text("#!/bin/sh\necho 'parts.c:7:3: error: no room for this' >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    settings = SpinnakerSettings(machine="software", version=3)
    backend = SpiNNaker(config(DRAWN, settings, RecordingConfig(signals=[])))
    collect = SpinnakerSimulation.collect

    def with_an_error(simulation: SpinnakerSimulation) -> Collected:
        log = tmp_path / "run" / "spinnaker" / "board.log"
        with log.open("a") as file:
            file.write("2026-01-01 10:00:00,000 ERROR spinnaker_board.server: a part of the board failed; it goes on\n")
        return collect(simulation)

    monkeypatch.setattr(SpinnakerSimulation, "collect", with_an_error)
    result = simulate(DRAWN, backend, Workspace(folder=tmp_path / "run", cache=tmp_path / "cache"))
    assert result.recording is not None
    assert len(result.recording.populations["cells"].spike_ids) > 0
    (fault,) = result.faults
    assert "a part of the board failed" in fault
    assert "error: no room for this" in result.provenance["machine warned"]
