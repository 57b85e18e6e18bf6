"""Brian2 and NEST on the same drawn network: train by train."""

import numpy as np
import pytest
from small_runs import sound_with

from varesearch.config.compose import compose
from varesearch.network import Network, draw
from varesearch.recording import Recording

SMALL = ("connectivity.n=300", "simulation.duration_ms=500", "recording.cells=20")


def simulate(name: str, overrides: tuple[str, ...]) -> tuple[Network, Recording]:
    config = compose([f"backend={name}", *SMALL, *overrides]).config
    drawn = draw(config)
    return drawn, sound_with(drawn, config)


def both(*overrides: str) -> tuple[Recording, Recording]:
    first, second = simulate("brian2", overrides), simulate("nest", overrides)
    assert first[0].hash == second[0].hash
    return first[1], second[1]


def identical_trains(one: Recording, other: Recording) -> float:
    """Per cent of cells with the same spikes; the cells that fire in neither count too."""
    same = []
    for name, population in one.populations.items():
        trains = zip(population.spike_trains(), other.populations[name].spike_trains(), strict=True)
        same += [np.array_equal(np.rint(a / one.dt_ms), np.rint(b / one.dt_ms)) for a, b in trains]
    return 100.0 * float(np.mean(same))


def spikes(recording: Recording) -> int:
    return sum(len(population.spike_ids) for population in recording.populations.values())


def largest_difference(one: Recording, other: Recording) -> float:
    """Of v, in mV."""
    pairs = ((p.signals["v"], other.populations[name].signals["v"]) for name, p in one.populations.items())
    return max(float(np.abs(a.values - b.values).max()) for a, b in pairs)


@pytest.mark.parametrize(
    ("stimulus", "dt_ms"),
    [("none", 1.0), ("none", 0.1), ("background_poisson", 1.0), ("background_poisson", 0.1), ("step_current", 1.0)],
)
@pytest.mark.parametrize("cell", ["izhikevich", "izhikevich_delta", "if_curr_exp", "if_curr_alpha", "if_curr_delta"])
def test_every_train_is_the_same(cell, stimulus, dt_ms):
    """The same scheme on both: Euler for Izhikevich, the closed form for the others. With sources and without."""
    brian2, nest = both(
        f"cell={cell}",
        f"stimulus={stimulus}",
        f"simulation.dt_ms={dt_ms}",
        *(["stimulus.amplitude=0.1"] if stimulus == "step_current" and not cell.startswith("izhikevich") else []),
    )
    assert spikes(brian2) > 500
    assert identical_trains(brian2, nest) == 100.0
    # What rounding leaves. Izhikevich's quadratic upstroke magnifies it, linear membranes forget it.
    assert largest_difference(brian2, nest) < (0.1 if cell.startswith("izhikevich") else 1e-9)


def test_conductances_agree_as_far_as_their_schemes_do():
    """Brian2 steps conductances by the exponential Euler rule, of first order in dt; NEST by an adaptive rule.

    So v parts by an amount that falls with dt until the first spike that comes a step earlier or later, and from
    there on the trains are different ones of the same network.
    """
    parted = {}
    for dt_ms in (1.0, 0.1):
        brian2, nest = both(
            "cell=if_cond_exp",
            "cell.v_thresh=0",  # Nobody fires: one cell's response to its source alone.
            "stimulus=background_poisson",
            "stimulus.weight=0.002",
            f"simulation.dt_ms={dt_ms}",
            "connectivity.delay_ms=2",
        )
        assert spikes(brian2) == spikes(nest) == 0
        parted[dt_ms] = largest_difference(brian2, nest)
    assert 5 < parted[1.0] / parted[0.1] < 20
    assert parted[0.1] < 0.2


def test_firing_rates_of_conductance_cells_agree():
    brian2, nest = both(
        "cell=if_cond_exp",
        "stimulus=background_poisson",
        "simulation.dt_ms=0.1",
        "recording.signals=[]",
    )
    assert spikes(brian2) > 1000
    assert spikes(nest) == pytest.approx(spikes(brian2), rel=0.05)
