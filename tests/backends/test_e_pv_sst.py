"""The preset of three populations: its blocks of connections, and the same small network on three back ends."""

import numpy as np
import pytest
from small_runs import result_of

from varesearch.backends import backend_class
from varesearch.config.compose import compose
from varesearch.network import draw

SMALL = ["experiment=e_pv_sst", "populations.e.size=160", "populations.pv.size=20", "populations.sst.size=10"]
SMALL += ["simulation.dt_ms=1", "connectivity.delay_ms=2", "simulation.duration_ms=200", "recording.signals=[]"]
BACKENDS = {
    "brian2": ["backend.codegen=numpy"],
    "nest": ["backend=nest"],
    "spinnaker": [
        "backend=spinnaker",
        "backend.machine=software",
        "backend.neurons_per_core=16",
        "backend.weight_range=drawn",
    ],
}


def test_pv_and_sst_cells_inhibit_whom_they_inhibit_in_cortex() -> None:
    """SST cells are inhibited by nobody here: not by each other, not by PV cells; VIP cells are left out."""
    drawn = draw(compose(["experiment=e_pv_sst", "simulation.duration_ms=1"]).config)
    sizes = {each.name: each.size for each in drawn.populations}
    blocks = {(each.pre, each.post): each for each in drawn.projections}
    assert set(blocks) == {(pre, post) for pre in sizes for post in sizes} - {("pv", "sst"), ("sst", "sst")}
    p = {("e", "e"): 0.05, ("pv", "e"): 0.3, ("sst", "e"): 0.3, ("e", "pv"): 0.2, ("pv", "pv"): 0.4, ("sst", "pv"): 0.4}
    for (pre, post), block in blocks.items():
        density = len(block.sources) / (sizes[pre] * sizes[post])
        assert density == pytest.approx(p.get((pre, post), 0.2), rel=0.02)
        assert block.receptor == ("excitatory" if pre == "e" else "inhibitory")
    assert np.unique(blocks["e", "pv"].weights) == pytest.approx([0.0007])


def test_the_preset_runs_on_three_back_ends() -> None:
    rates = {}
    for name, words in BACKENDS.items():
        config = compose([*SMALL, *words]).config
        result = result_of(draw(config), backend_class(type(config.backend))(config))
        result.require_sound()
        assert result.recording is not None
        assert list(result.recording.populations) == ["e", "pv", "sst"]
        rates[name] = [len(each.spike_ids) / each.size / 0.2 for each in result.recording.populations.values()]
    for name in ("nest", "spinnaker"):
        assert rates[name] == pytest.approx(rates["brian2"], rel=0.25), rates
    assert all(rate > 0 for rate in rates["brian2"])
