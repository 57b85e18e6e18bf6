"""The SpiNNaker back end with the real sPyNNaker: mappings, runs that fail, and what is left of them."""

import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import spinnaker_servers as servers
from small_networks import config, network, population, projection, source
from small_runs import result_of, unseen

from varesearch.backends.base import Workspace
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.backend import SpiNNaker
from varesearch.backends.spinnaker.machines.board import Board
from varesearch.backends.spinnaker.simulation import SpinnakerError
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import Config
from varesearch.config.validation import validate
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.network import draw
from varesearch.network.model import Network
from varesearch.result import Status

PASSWORD = "correct-horse-battery-staple"


def composed(*overrides: str) -> Config:
    """The default network on sPyNNaker's virtual machine, with changes."""
    return compose(["backend=spinnaker", "backend.machine=mapping", *overrides]).config


def map_network(settings: Config, drawn: Network | None = None) -> tuple[dict[str, float], dict[str, str]]:
    """Metrics and provenance of a mapping; there is no recording."""
    SpiNNaker.check(settings)
    result = result_of(drawn or draw(settings), SpiNNaker(settings))
    assert result.status is Status.MAPPED
    assert result.recording is None
    assert result.inner_s["map"] > 0
    return dict(result.metrics), dict(result.provenance)


def process_state() -> dict[str, Any]:
    """What sPyNNaker is known to change in a process."""
    root = logging.getLogger()
    return {
        "environment": dict(os.environ),
        "excepthook": sys.excepthook,
        "SIGINT": signal.getsignal(signal.SIGINT),
        "folder": Path.cwd(),
        "level": root.level,
        "handlers": [(handler, list(handler.filters), handler.formatter) for handler in root.handlers],
    }


def tiny(**settings: Any) -> tuple[Config, Network]:
    """Two cells, one synapse from a source that fires in step 0 and one between the cells."""
    drawn = network(
        [population("exc", Izhikevich(), [-65.0, -60.0], u=-14.0)],
        20,
        1.0,
        [source("src", [(0, 0)], 1)],
        [
            projection("src", "exc", "excitatory", [(0, 0, 1.0, 1)]),
            projection("exc", "exc", "excitatory", [(0, 1, 1.0, 2)]),
        ],
    )
    return config(drawn, SpinnakerSettings(**settings)), drawn


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, with a configuration that must be neither read nor written."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / ".spynnaker.cfg").write_text("[Machine]\nmachine_name = 203.0.113.7\nversion = 3\n")
    monkeypatch.setenv("HOME", str(folder))
    for name in ("XDG_CONFIG_HOME", "SPALLOC_USER", "SPALLOC_PASSWORD", "OIDC_BEARER_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return folder


def test_the_seed_network_maps_to_eight_cores_on_one_chip() -> None:
    metrics, tags = map_network(composed())
    assert metrics["cores"] == 8  # 1,200 and 300 cells at 256 a core, and one for the sources
    assert metrics["chips"] == metrics["boards"] == 1
    assert metrics["routing_entries"] == metrics["routing_entries_max"] == 3
    assert 8 < metrics["sdram_mb"] < 11
    assert 0 < metrics["loading_estimate_s"] < metrics["sdram_mb"]
    assert metrics["mapping_time_s"] > 0
    assert metrics["time_scale_factor"] == 1
    assert tags["machine"] == "mapping"
    assert "timing" not in tags
    assert "draw" not in tags


def test_the_weight_errors_are_those_of_the_scale_of_each_population() -> None:
    settings = composed()
    drawn = draw(settings)
    metrics, _ = map_network(settings, drawn)
    most = {projection.name: np.bincount(projection.targets).max() for projection in drawn.projections}
    sums = {post: most[f"exc_to_{post}"] * 1.0 + most[f"thalamus_to_{post}"] * 0.1 for post in ("exc", "inh")}
    for post, largest in sums.items():  # all synapses of a cell in one step must fit into 16 bits
        scale = 2.0 ** (15 - np.ceil(np.log2(largest)))
        expected = abs(round(0.1 * scale) / scale - 0.1) / 0.1
        assert metrics[f"weight_error.thalamus_to_{post}"] == pytest.approx(expected)
        assert metrics[f"weight_error.exc_to_{post}"] == metrics[f"weight_error.inh_to_{post}"] == 0
    assert metrics["weights_zeroed"] == metrics["weights_clipped"] == 0


def held(metrics: dict[str, float], projection: str) -> float:
    """The largest sum of weights that a 16-bit slot holds for the projection's receptor."""
    return 0xFFFF / metrics[f"weight_scale.{projection}"]


def test_conductances_of_one_delay_saturate_by_spynnakers_rule_and_not_with_the_drawn_range() -> None:
    """The rule of sPyNNaker 7.4.1 forgets its factor for conductances, and leaves room for the largest weight alone."""
    words = ("cell=if_cond_exp", "connectivity.n=300", "connectivity.p=0.1")
    drawn = draw(composed(*words))
    onto = {name: np.zeros(size) for name, size in (("exc", 240), ("inh", 60))}
    for each in drawn.projections:
        if each.receptor == "inhibitory":
            onto[each.post] += np.bincount(each.targets, weights=each.weights, minlength=len(onto[each.post]))
    by_rule, _ = map_network(composed(*words), drawn)
    widened, _ = map_network(composed(*words, "backend.weight_range=drawn"), drawn)
    for post, sums in onto.items():
        assert held(by_rule, f"inh_to_{post}") < 3 * 0.051 < sums.max()
        assert sums.max() <= held(widened, f"inh_to_{post}") < 8 * sums.max()
    assert widened["weights_clipped"] == widened["weights_zeroed"] == 0


def test_the_range_of_lists_cannot_be_known_where_the_machine_draws() -> None:
    with pytest.raises(ConfigurationError, match=r"^backend.weight_range=drawn: .* connectivity.draw=host$"):
        SpiNNaker.check(composed("backend.weight_range=drawn", "connectivity.draw=native"))


def test_a_weight_too_small_for_its_scale_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        metrics, _ = map_network(composed("connectivity.n=300", "stimulus.weight=0.0001", "connectivity.weight_exc=4"))
    assert metrics["weights_zeroed"] > 0
    assert metrics["weight_error.thalamus_to_exc"] == 1
    assert "weights became 0" in caplog.text


def test_native_draws_take_about_the_same_room_and_are_marked() -> None:
    metrics, tags = map_network(composed("connectivity.draw=native"))
    assert metrics["cores"] == 8
    assert 8 < metrics["sdram_mb"] < 11
    assert tags["draw"] == "native"
    assert "weight_error.exc_to_exc" not in metrics
    assert "loading_estimate_s" not in metrics
    assert map_network(composed("connectivity=fixed_in_degree", "connectivity.draw=native"))[0]["cores"] == 8


@pytest.mark.slow
def test_twenty_thousand_cells_map_without_drawing_on_the_host_again() -> None:
    metrics, _ = map_network(composed("connectivity.n=20000"))
    assert metrics["cores"] == 80
    assert metrics["boards"] == 1


@pytest.mark.parametrize(
    "overrides",
    [
        ("cell=if_cond_exp",),
        ("cell=if_curr_exp", "simulation.dt_ms=0.1", "connectivity.delay_ms=0.2", "stimulus.delay_ms=0.2"),
        ("cell=if_curr_alpha", "stimulus=step_current"),
        ("cell=if_curr_delta", "stimulus=background_poisson"),
        ("cell=izhikevich", "connectivity=distance_dependent", "stimulus=none", "recording.signals=[]"),
        ("cell=izhikevich", "stimulus=spike_list", "recording.cells=5", "recording.interval_ms=2"),
        ("cell=izhikevich", "backend.neurons_per_core=64", "connectivity.delay_ms=200"),
    ],
)
def test_every_cell_rule_and_stimulus_is_accepted_by_spynnaker(overrides: tuple[str, ...]) -> None:
    metrics, _ = map_network(composed("connectivity.n=200", "simulation.duration_ms=500", *overrides))
    assert metrics["cores"] >= 2


def test_a_tick_too_short_for_the_cores_is_said(caplog: pytest.LogCaptureFixture) -> None:
    short = ("connectivity.n=50", "simulation.dt_ms=0.1")
    with caplog.at_level(logging.INFO):
        metrics, _ = map_network(composed(*short))
    assert metrics["time_scale_factor"] == 1
    assert "time scale factor 1 (sPyNNaker's own rule)" in caplog.text
    assert "backend.time_scale_factor=10" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        metrics, _ = map_network(composed(*short, "backend.time_scale_factor=10"))
    assert metrics["time_scale_factor"] == 10
    assert "overruns" not in caplog.text


def test_nothing_stays_changed_in_the_process_between_two_calls(home: Path, tmp_path: Path) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    handler.addFilter(lambda _record: True)
    logging.getLogger().addHandler(handler)
    settings, drawn = tiny(machine="mapping")
    try:
        before = process_state()
        with SpiNNaker(settings).build(drawn, Workspace(folder=tmp_path / "run")) as simulation:
            assert process_state() == before
            simulation.run(unseen)
            assert process_state() == before
            simulation.collect()
            assert process_state() == before
        assert process_state() == before
    finally:
        logging.getLogger().removeHandler(handler)
    assert [path.name for path in home.iterdir()] == [".spynnaker.cfg"]
    assert "203.0.113.7" in (home / ".spynnaker.cfg").read_text()


def test_configuration_and_reports_lie_in_the_folder_of_the_run_and_no_other_is_read(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "spynnaker.cfg").write_text("[Machine]\nno_such_option = 1\n")  # sPyNNaker would refuse it
    monkeypatch.chdir(here)
    settings, drawn = tiny(machine="mapping")
    for number in (1, 2):
        result_of(drawn, SpiNNaker(settings), tmp_path / f"run{number}")
    for number in (1, 2):
        folder = tmp_path / f"run{number}" / "spinnaker"
        files = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        assert Path("configuration/.spynnaker.cfg") in files
        assert [path for path in files if path.name == "global_provenance.sqlite3"]
        assert [path for path in files if path.name == "finished"]
    assert [path.name for path in here.iterdir()] == ["spynnaker.cfg"]


def test_a_folder_of_its_own_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    settings, drawn = tiny(machine="mapping")
    with SpiNNaker(settings).build(drawn, Workspace()):
        assert list(tmp_path.glob("varesearch-spinnaker-*"))
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_fails_ends_with_one_line_and_puts_everything_back(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Board, "probe", lambda _self, _timeout_s: None)  # answered when asked, gone when needed
    settings, drawn = tiny(machine_name="127.0.0.45", version=3)
    before = process_state()
    with SpiNNaker(settings).build(drawn, Workspace(folder=tmp_path)) as simulation:
        with pytest.raises(SpinnakerError, match=r"^sPyNNaker on board 127\.0\.0\.45 \(version 3\): .+") as caught:
            simulation.run(unseen)
        assert "\n" not in str(caught.value)
        assert process_state() == before
    assert process_state() == before
    assert map_network(tiny(machine="mapping")[0], drawn)[0]["cores"] == 2  # and the next run is not hurt


def test_no_credential_is_written_anywhere_in_the_folder_of_the_run(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SPALLOC_USER", "someone")
    monkeypatch.setenv("SPALLOC_PASSWORD", PASSWORD)
    folder = tmp_path / "run"
    with servers.http_server(200) as (url, requests), caplog.at_level(logging.DEBUG):
        settings, drawn = tiny(machine="spalloc", spalloc_server=url)
        backend = SpiNNaker(settings)
        backend.probe()
        with pytest.raises(SpinnakerError) as caught:  # the page has no form to log in with
            result_of(drawn, backend, folder)
    assert len(requests) > 1  # the probe's, and spalloc's own client's
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]
    assert PASSWORD not in caplog.text + str(caught.value)


def _repeat(times: int) -> None:
    settings, drawn = tiny(machine="mapping")
    process = psutil.Process()
    first = map_network(settings, drawn)
    results, memory = [], []
    for _ in range(times):
        results.append(map_network(settings, drawn))
        memory.append(process.memory_info().rss)
    sizes = [{name: value for name, value in metrics.items() if not name.endswith("_s")} for metrics, _ in results]
    assert all(size.items() <= first[0].items() for size in sizes)
    assert np.median(memory[-3:]) < memory[0] + 30e6


def test_four_runs_in_one_process_are_alike() -> None:
    _repeat(4)


@pytest.mark.slow
def test_thirty_runs_in_one_process_are_alike() -> None:
    _repeat(30)


def test_a_delay_that_would_be_lost_is_refused() -> None:
    settings = composed("connectivity.delay_ms=65")
    with pytest.raises(ConfigurationError, match=r"connectivity.delay_ms=65 is longer.* 64 ms .*neurons_per_core=128"):
        map_network(settings)
    assert map_network(composed("connectivity.delay_ms=64"))[0]["cores"] > 8  # with cores that extend the delay


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("simulation.dt_ms=0.0005",), "whole number of microseconds"),
        (("backend.time_scale_factor=0",), "backend.time_scale_factor=0"),
        (("backend.time_scale_factor=1.00005",), "whole microseconds"),
        (("backend.neurons_per_core=257",), "backend.neurons_per_core=257"),
        (("backend.probe_timeout_s=0",), "backend.probe_timeout_s=0"),
        (("backend.overrun_s=0",), "backend.overrun_s=0"),
        (("backend.threads=65",), "backend.threads=65 must be from 1 to 64"),
        (("simulation.dt_ms=0.1", "recording.interval_ms=4.3"), "use 4.2 or 4.4"),
        (("connectivity=distance_dependent", "connectivity.draw=native"), "connectivity.draw=host"),
        (("connectivity.draw=native", "connectivity.weight_exc={distribution:uniform,low:1,high:2}"), "one number"),
    ],
)
def test_settings_that_spinnaker_cannot_run(overrides: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        validate(composed(*overrides))
        SpiNNaker.check(composed(*overrides))
    assert "\n" not in str(caught.value)
