"""One cell at a time: in each interval exactly one of all target cells, each equally likely."""

import numpy as np
import pytest
from scipy.stats import chisquare

from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.validation import validate
from varesearch.network import Network, draw

SMALL = ("stimulus=random_cell", "connectivity.n=50", "simulation.duration_ms=20000", "analysis.warmup_ms=0")


def drawn(*words: str) -> Network:
    config = compose([*SMALL, *words]).config
    validate(config)
    return draw(config)


def expected(*words: str) -> float:
    config = compose([*SMALL, *words]).config
    return config.stimulus.expected_spikes(config.surroundings)


def chosen(network: Network, first: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Steps, sorted, and which cell got the spike, ``first`` being the number of a population's first cell."""
    steps = np.concatenate([source.steps for source in network.sources])
    cells = np.concatenate([source.sources + first[source.name] for source in network.sources])
    order = np.argsort(steps, kind="stable")
    return steps[order], cells[order]


def test_every_ms_one_cell_of_both_populations_each_equally_likely() -> None:
    network = drawn()
    steps, cells = chosen(network, {"random_exc": 0, "random_inh": 40})
    np.testing.assert_array_equal(steps, np.arange(20_000))
    assert expected() == 20_000
    assert chisquare(np.bincount(cells, minlength=50)).pvalue > 1e-3
    # Independent from one interval to the next: pairs of successive cells, binned to ten by ten.
    pairs = np.histogram2d(cells[:-1:2], cells[1::2], bins=10)[0]
    assert chisquare(pairs.ravel()).pvalue > 1e-3
    wired = [each for each in network.projections if each.pre.startswith("random_")]
    assert [(each.post, len(each.sources)) for each in wired] == [("exc", 40), ("inh", 10)]
    assert all(np.array_equal(each.sources, each.targets) for each in wired)


def test_interval_window_and_targets() -> None:
    words = ("stimulus.targets=[inh]", "stimulus.interval_ms=2.5", "stimulus.start_ms=10", "stimulus.duration_ms=20")
    network = drawn("simulation.dt_ms=0.5", *words)
    assert expected("simulation.dt_ms=0.5", *words) == 8
    steps, cells = chosen(network, {"random_inh": 0})
    np.testing.assert_array_equal(steps, [20, 25, 30, 35, 40, 45, 50, 55])
    assert cells.max() < 10


def test_another_seed_and_another_stimulus_choose_other_cells() -> None:
    both = drawn("stimuli.more=random_cell", "stimuli.more.targets=[exc]", "stimulus.targets=[exc]")
    one, other = (source.sources for source in both.sources)
    again = drawn("stimulus.targets=[exc]", "seed=2").sources[0].sources
    for different in (other, again):
        assert np.mean(one == different) == pytest.approx(1 / 40, abs=0.01)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("stimulus.interval_ms=0", "stimulus.interval_ms=0 must be greater than 0"),
        ("stimulus.interval_ms=0.3", "stimulus.interval_ms=0.3 must be a multiple of simulation.dt_ms=1"),
        ("stimulus.start_ms=20000", "stimulus.start_ms=20000 is not within the run"),
        ("stimulus.targets=[nobody]", "stimulus.targets"),
    ],
)
def test_what_is_refused(word: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said.replace(".", r"\.").replace("[", r"\[")):
        validate(compose([*SMALL, word]).config)
