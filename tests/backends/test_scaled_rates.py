"""Scaled networks on NEST: the membrane gets the same mean and variance of input, and cells fire at the same rates."""

import math

import numpy as np
import pytest
from small_runs import sound_with
from test_brunel_2000 import mean_field_hz, measure

from varesearch.config.compose import compose
from varesearch.network import draw


@pytest.mark.parametrize("share", [1.0, 0.1])
def test_a_free_membrane_has_the_mean_and_variance_of_shot_noise(share: float) -> None:
    """8 kHz of 0.01 nA, tau_syn = 5 ms, tau_m = 20 ms and R = 100 MΩ, far below the threshold (Campbell's theorem)."""
    words = ["cell=if_curr_exp", "cell.v_thresh=1000", "connectivity=none", "connectivity.n=150", "backend=nest"]
    words += [
        "stimulus=background_poisson",
        "stimulus.rate_hz=8000",
        "stimulus.weight=0.01",
        "recording.interval_ms=20",
    ]
    config = compose([*words, "simulation.duration_ms=1200", f"scale.in_degree={share}"]).config
    assert config.cell.tau_m == 20.0 and config.cell.cm == 0.2 and config.cell.tau_syn_E == 5.0  # type: ignore[attr-defined]
    recording = sound_with(draw(config), config)
    v = np.concatenate([it.signals["v"].values[10:] for it in recording.populations.values()], axis=1)
    mean = config.cell.v_rest + config.cell.i_offset * 100 + 8 * 0.01 * 5 * 100  # type: ignore[attr-defined]
    assert v.mean() == pytest.approx(mean, abs=0.1)
    assert v.std() == pytest.approx(math.sqrt(8 * (0.01 * 100) ** 2 * 5**2 / (2 * (20 + 5))), rel=0.05)


def test_a_hundredth_of_the_synapses_of_brunel_2000_keeps_the_rate_of_the_mean_field() -> None:
    """1,250 cells with 125 inputs each, in place of 12,500 with 1,250."""
    rate_hz = mean_field_hz(5.0, 2.0)
    given = f"scale.rates_hz={{exc: {rate_hz}, inh: {rate_hz}}}"
    words = ["backend=nest", "simulation.duration_ms=300", "scale.cells=0.1", "scale.in_degree=0.1", given]
    assert measure("brunel_2000", *words).rate_hz == pytest.approx(rate_hz, rel=0.08)


@pytest.mark.slow
def test_the_vogels_abbott_pair_keeps_its_rates() -> None:
    """Half of the cells, 0.8 of the in-degree; a smaller in-degree silences a network that only sustains itself."""

    def rates_hz(*words: str) -> dict[str, float]:
        config = compose(["experiment=va_cuba", "backend=nest", "recording=spikes", *words]).config
        recording = sound_with(draw(config), config)
        seconds = config.simulation.duration_ms / 1000 - 0.2
        return {
            n: float((it.spike_times_ms > 200).sum() / it.size / seconds) for n, it in recording.populations.items()
        }

    full = rates_hz()
    given = ["scale.rates_hz={" + ", ".join(f"{name}: {hz}" for name, hz in full.items()) + "}"]
    for cells, share in ((0.5, 1.0), (1.0, 0.8), (0.5, 0.8)):
        scaled = rates_hz(f"scale.cells={cells}", f"scale.in_degree={share}", *given)
        assert scaled == pytest.approx(full, rel=0.12)
