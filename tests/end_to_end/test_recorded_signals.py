"""Conductances and currents from the command to the store: recording, metrics, figure, neo file and estimate."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from varesearch import cli
from varesearch.config.compose import compose
from varesearch.network import estimate
from varesearch.recording import Recording
from varesearch.recording_io import load_neo
from varesearch.tracking.read import load_run

pytestmark = pytest.mark.usefixtures("root")

SMALL = ["connectivity.n=60", "connectivity.p=0.2", "simulation.duration_ms=300", "stimulus=background_poisson"]


def run(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[Path, Recording, Mapping[str, float]]:
    """The folder, the recording and the metrics of a run, as they were stored."""
    assert cli.main([*SMALL, *words]) == 0
    loaded = load_run(re.findall(r"run (\w{32})", capfd.readouterr().out)[-1])
    assert loaded.folder is not None
    recording = loaded.recording()
    sampled = [signal.values.size for each in recording.populations.values() for signal in each.signals.values()]
    assert estimate(compose([*SMALL, *words]).config).values == sum(sampled)
    return loaded.folder, recording, loaded.metrics


def test_conductances_of_one_population_are_stored_measured_and_drawn(capfd: pytest.CaptureFixture[str]) -> None:
    words = ["cell=if_cond_exp", "backend=nest", "simulation.dt_ms=0.5", "tracking.neo=true", "recording.cells=7"]
    words += ["recording.signals=[gsyn_inh,v,gsyn_exc]", "recording.populations=[inh]", "recording.interval_ms=2"]
    folder, recording, metrics = run(capfd, *words)
    exc, inh = recording.populations["exc"], recording.populations["inh"]
    assert len(exc.spike_ids) > 0 and exc.signals == {}
    assert {name: (signal.unit, signal.values.shape) for name, signal in inh.signals.items()} == {
        "gsyn_inh": ("µS", (150, 7)),
        "v": ("mV", (150, 7)),
        "gsyn_exc": ("µS", (150, 7)),
    }
    kept = {name: signal.values[signal.times_ms >= 100] for name, signal in inh.signals.items()}
    assert metrics["inh.gsyn_exc_mean_us"] == pytest.approx(kept["gsyn_exc"].mean())
    assert metrics["inh.ei_ratio"] == pytest.approx(kept["gsyn_exc"].mean() / kept["gsyn_inh"].mean())
    assert "exc.ei_ratio" not in metrics and "exc.v_mean_mv" not in metrics
    assert (folder / "figures" / "signal_traces.png").stat().st_size > 10_000
    (neo,) = folder.rglob("*.mat")
    again = load_neo(neo).populations["inh"].signals
    for name, signal in inh.signals.items():
        assert again[name].unit == signal.unit
        np.testing.assert_array_equal(again[name].values, signal.values)
        np.testing.assert_array_equal(again[name].reversal_mv, signal.reversal_mv)
    np.testing.assert_array_equal(inh.signals["gsyn_inh"].reversal_mv, [-80.0] * 7)
    assert inh.signals["v"].reversal_mv is None


def test_currents_and_u_by_numpy(capfd: pytest.CaptureFixture[str]) -> None:
    words = ["cell=izhikevich", "backend.codegen=numpy", "recording.signals=[u,isyn_exc,isyn_inh]", "recording.cells=5"]
    _, recording, metrics = run(capfd, *words)
    for name, population in recording.populations.items():
        assert [signal.unit for signal in population.signals.values()] == ["mV/ms"] * 3
        assert metrics[f"{name}.isyn_inh_mean_mv_per_ms"] > 0
        assert -1 <= metrics[f"{name}.ei_correlation"] <= 1


def test_the_currents_of_a_run_carry_the_charge_that_leaks_out(capfd: pytest.CaptureFixture[str]) -> None:
    """Conservation of charge knows no conductance: what synapses carry in leaves by the leak, or stays in v."""
    passive = (
        "{v_thresh: 1000, cm: 0.25, tau_m: 25, v_rest: -65, e_rev_E: -5, e_rev_I: {distribution: uniform, low: -90,"
    )
    words = ["cell=if_cond_exp", "cell.i_offset=0.5", "backend.codegen=numpy", "cell.integrator=euler"]
    words += [
        "populations={drive: {size: 30, receptor: inhibitory}, passive: {size: 40, cell: " + passive + " high: -70}}}}"
    ]
    words += ["populations.passive.cell.i_offset=0", "stimulus.rate_hz=400", "stimulus.weight=0.002"]
    words += ["recording.signals=[v,gsyn_exc,gsyn_inh]", "recording.cells=25", "simulation.dt_ms=0.1"]
    _, recording, metrics = run(capfd, *words)
    v = recording.populations["passive"].signals["v"].after(100.0).astype(np.float64)
    leak = 0.25 / 25 * (v + 65.0).mean()
    stored = 0.25 * (v[-1] - v[0]).mean() / (0.1 * (len(v) - 1))
    excitation, inhibition = (metrics[f"passive.isyn_{each}_mean_na"] for each in ("exc", "inh"))
    assert min(excitation, inhibition, abs(leak)) > 0.05
    assert excitation - inhibition == pytest.approx(leak + stored, rel=5e-3)
