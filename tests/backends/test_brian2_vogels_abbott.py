"""The Vogels-Abbott presets against published figures for the same variant, size, step and delay.

The figures: native Brian2 2.10.1, independent connectivity, p = 0.02, 4000 cells, 2.5 s of which 0.5 s discarded, CV
over cells with five intervals or more. They are of another draw of the same network, so each rate has to lie where a
sixth draw would, given five of ours: mean ± t(0.975, 4) sqrt(1 + 1/5) standard deviations.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import t
from small_runs import sound_with

from varesearch.config.compose import compose
from varesearch.metrics import analyse
from varesearch.network import draw

SEEDS = range(1, 6)


@dataclass(frozen=True)
class Published:
    """Rates in Hz; CV of ISI as a range; silent fraction of the cells."""

    rate_exc_hz: float
    rate_inh_hz: float
    cv_isi: tuple[float, float]
    silent_fraction: float


COBA = Published(14.0, 14.2, (1.50, 1.57), 0.06)
CUBA = Published(5.5, 5.6, (0.61, 0.61), 0.13)


def metrics_of(preset: str) -> dict[str, np.ndarray]:
    """Metric -> its value for each seed."""
    runs = []
    for seed in SEEDS:
        config = compose([f"experiment={preset}", f"seed={seed}", "recording.signals=[]"]).config
        runs.append(analyse(sound_with(draw(config), config), config.analysis, seed).values())
    return {name: np.array([run[name] for run in runs]) for name in runs[0]}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("preset", "published"), [("va_coba", COBA), ("va_cuba", CUBA)])
def test_rates_cv_and_silent_fraction_are_the_published_ones(preset: str, published: Published) -> None:
    metrics = metrics_of(preset)
    for name, rate_hz in (("exc.rate_hz", published.rate_exc_hz), ("inh.rate_hz", published.rate_inh_hz)):
        rates = metrics[name]
        half_width = t.ppf(0.975, len(rates) - 1) * np.sqrt(1 + 1 / len(rates)) * rates.std(ddof=1)
        assert abs(rates.mean() - rate_hz) <= half_width, f"{name}: {rates.round(2)} against {rate_hz}"
    low, high = published.cv_isi
    assert low - 0.05 <= metrics["exc.cv_isi"].mean() <= high + 0.05
    assert metrics["exc.silent_fraction"].mean() == pytest.approx(published.silent_fraction, abs=0.03)
