"""Parameters of cells as distributions and expressions: what is written, what is drawn, what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from varesearch.backends.check import checked_backend
from varesearch.config.cell import Cell
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.expressions import Expression
from varesearch.config.laws import Uniform
from varesearch.config.parts import parts
from varesearch.config.plausibility import doubts
from varesearch.config.restore import restore
from varesearch.config.validation import validate
from varesearch.config.values import Value
from varesearch.network import Network, draw
from varesearch.network.consistency import check_network
from varesearch.network.stored import load_network, save_network
from varesearch.tracking.provenance import config_hash, flat_params

UNIFORM = "{distribution: uniform, low: 0, high: 1}"
PAPER = (
    f"cell.draws.r={UNIFORM}",
    'cell.c={expression: "-65 + 15*r**2"}',
    'cell.d={expression: "8 - 6*r**2"}',
    "cell.v_init=-65",
    'cell.u_init={expression: "b*v_init"}',
)
"""Regular-spiking cells as Izhikevich (2003) draws them, in the program of his figure 3."""

CELLS = parts(Cell)
SMALL = "connectivity.n=200"


def drawn(*words: str) -> Network:
    config = compose([SMALL, *words]).config
    validate(config)
    return draw(config)


def checked(*words: str) -> None:
    config = compose([SMALL, *words]).config
    validate(config)
    checked_backend(config)


@pytest.mark.parametrize("name", CELLS)
def test_every_parameter_of_every_cell_may_be_drawn(name: str) -> None:
    cell = CELLS[name]()
    assert set(cell.numbers()) == set(cell.parameters())
    words = []
    for setting in cell.numbers():
        value = getattr(cell, setting)
        width = 2.0 if setting == "tau_refrac" else 0.02 * abs(value) or 0.001
        words.append(f"cell.{setting}={{distribution: uniform, low: {value - width!r}, high: {value + width!r}}}")
    words = [word for word in words if "tau_refrac" not in word or cell.tau_refrac > 2]  # type: ignore[attr-defined]
    network = drawn(f"cell={name}", "simulation.dt_ms=0.1", *words)
    for population in network.populations:
        assert len(population.parameters) == len(words)
        for setting, values in population.parameters.items():
            value = getattr(cell, setting)
            assert values.shape == (population.size,)
            assert np.unique(values).size > 3
            assert np.abs(values - value).max() <= max(0.02 * abs(value), 0.001, 2.0 * (setting == "tau_refrac")) + 1e-9
    refractory = network.populations[0].parameters.get("tau_refrac", np.zeros(1))
    np.testing.assert_array_equal(refractory, np.rint(refractory / network.dt_ms) * network.dt_ms)


@pytest.mark.parametrize("name", CELLS)
def test_every_parameter_of_every_cell_may_be_an_expression(name: str) -> None:
    cell = CELLS[name]()
    for setting in cell.numbers():
        others = [f'cell.{setting}={{expression: "{getattr(cell, setting)!r} + 0*r"}}', f"cell.draws.r={UNIFORM}"]
        step = "simulation.dt_ms=0.1"  # short enough for every cell
        assert drawn(f"cell={name}", step, *others).hash == drawn(f"cell={name}", step).hash


def test_the_correlated_draw_of_the_paper() -> None:
    for population in drawn(*PAPER).populations:
        c, d = population.parameters["c"], population.parameters["d"]
        assert set(population.parameters) == {"c", "d"}
        r_squared = (c + 65) / 15
        np.testing.assert_allclose(d, 8 - 6 * r_squared, rtol=1e-12)
        assert 0 <= r_squared.min() < 0.05 < 0.8 < r_squared.max() <= 1
        np.testing.assert_array_equal(population.initial["u"], np.full(population.size, -13.0))
    exc, inh = drawn(*PAPER).populations
    assert not np.isin(inh.parameters["c"], exc.parameters["c"]).any()


def test_each_population_has_expressions_of_its_own_over_the_same_draws() -> None:
    """The whole draw of the program: chattering among the excitatory, fast spiking among the inhibitory cells."""
    exc, inh = drawn(
        f"cell.draws.r={UNIFORM}",
        'populations.exc.cell.c={expression: "-65 + 15*r**2"}',
        'populations.exc.cell.d={expression: "8 - 6*r**2"}',
        'populations.inh.cell.a={expression: "0.02 + 0.08*r"}',
        'populations.inh.cell.b={expression: "0.25 - 0.05*r"}',
    ).populations
    assert set(exc.parameters) == {"c", "d"}
    a, b = inh.parameters["a"], inh.parameters["b"]
    np.testing.assert_allclose((a - 0.02) / 0.08, (0.25 - b) / 0.05, rtol=1e-9, atol=1e-9)
    assert inh.cell.c == -65.0  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError, match=r"^populations\.inh\.cell\.a=1\.1 is too fast for the step"):
        checked("populations.inh.cell.a={distribution: uniform, low: 0.02, high: 1.1}")


def test_each_parameter_has_a_random_stream_of_its_own() -> None:
    """A change of one setting leaves all other draws as they were."""
    before = drawn("cell.b={distribution: normal, mean: 0.2, std: 0.01}", *PAPER)
    after = drawn(
        "cell.b={distribution: normal, mean: 0.2, std: 0.01}",
        *PAPER,
        "cell.a={distribution: uniform, low: 0.02, high: 0.1}",
    )
    for one, other in zip(before.populations, after.populations, strict=True):
        assert set(other.parameters) - set(one.parameters) == {"a"}
        for name, values in one.parameters.items():
            np.testing.assert_array_equal(values, other.parameters[name])
        np.testing.assert_array_equal(one.initial["v"], other.initial["v"])
        a, b = other.parameters["a"], other.parameters["b"]
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.35
    for one, other in zip(before.projections, after.projections, strict=True):
        np.testing.assert_array_equal(one.sources, other.sources)
        np.testing.assert_array_equal(one.weights, other.weights)
    assert before.hash != after.hash


@given(low=st.floats(0.001, 0.4), width=st.floats(0.001, 0.5), seed=st.integers(0, 1000))
def test_what_is_drawn_lies_within_its_reach(low: float, width: float, seed: int) -> None:
    law = Uniform(low, low + width)
    values = law.draw(np.random.default_rng(seed), 50)
    assert law.reach[0] <= values.min() <= values.max() <= law.reach[1]


@pytest.mark.parametrize(
    "text",
    [
        "{distribution: normal, mean: -65, std: 2}",
        "{distribution: lognormal, mean: 20, std: 2}",
        "{distribution: exponential, mean: 3, low: 1}",
        "{distribution: normal, mean: 0, std: 1, low: -0.5, high: 9}",
    ],
)
def test_beyond_the_reach_of_a_distribution_nothing_is_drawn(text: str) -> None:
    law = compose([f"cell.v_init={text}"]).config.cell.v_init
    low, high = law.reach
    assert law.lower <= low < high <= law.upper
    assert law.below(low) <= 1e-12
    assert law.above(high) <= 1e-12
    inside = 1e-3 * (high - low)
    assert law.below(low + inside) > 0 < law.above(high - inside)


def test_a_number_is_a_float_and_a_distribution_a_value() -> None:
    cell = compose(["cell.a=1", f"cell.b={UNIFORM}", 'cell.d={expression: "2*a"}']).config.cell
    assert isinstance(cell.a, float)  # type: ignore[attr-defined]
    assert isinstance(cell.b, Value)  # type: ignore[attr-defined]
    assert isinstance(cell.d, Expression)  # type: ignore[attr-defined]
    assert set(cell.varying) == {"b", "d"}


def test_one_setting_written_as_5_or_as_5_0_is_one_configuration() -> None:
    whole, decimal = compose(["cell.i_offset=6"]), compose(["cell.i_offset=6.0"])
    assert config_hash(whole.resolved) == config_hash(decimal.resolved)
    assert whole.resolved["cell"]["i_offset"] == 6.0


def test_a_record_holds_what_was_written_and_gives_it_back() -> None:
    composed = compose([SMALL, *PAPER, "cell.a={distribution: uniform, low: 0.02, high: 0.1}"])
    shown = flat_params(composed.resolved)
    assert shown["cell.a"] == "uniform(low=0.02, high=0.1)"
    assert shown["cell.c"] == "-65 + 15*r**2"
    assert shown["cell.draws.r"] == "uniform(low=0, high=1)"
    restored = restore(composed.resolved)
    assert restored.cell == composed.config.cell
    assert draw(restored).hash == draw(composed.config).hash


def test_a_network_with_different_cells_is_kept_in_a_file(tmp_path: Path) -> None:
    network = drawn(*PAPER, "cell.a={distribution: uniform, low: 0.02, high: 0.1}")
    again = load_network(save_network(network, tmp_path / "network.npz"))
    assert again.hash == network.hash
    for one, other in zip(network.populations, again.populations, strict=True):
        assert one.cell == other.cell
        assert set(one.parameters) == set(other.parameters) == {"a", "c", "d"}
        for name, values in one.parameters.items():
            np.testing.assert_array_equal(values, other.parameters[name])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"parameters": {}}, "cell.a={distribution: uniform, low: 0.02, high: 0.1} is not drawn"),
        ({"parameters": {"a": np.full(3, 0.1)}}, r"a must be 160 finite numbers, not (3,)"),
        ({"parameters": {"a": np.full(160, np.nan)}}, "a must be 160 finite numbers"),
        (
            {"parameters": {"a": np.full(160, 0.1), "bb": np.full(160, 0.1)}},
            "bb differs between cells, but is no number",
        ),
        ({"parameters": {"a": np.full(160, 0.1), "weight_exc": np.full(160, 0.1)}}, "weight_exc differs between cells"),
    ],
)
def test_arrays_that_do_not_fit_their_population_are_refused(change: dict, why: str) -> None:
    network = drawn("cell.a={distribution: uniform, low: 0.02, high: 0.1}")
    check_network(network)
    exc, inh = network.populations
    with pytest.raises(ConfigurationError) as refused:
        check_network(replace(network, populations=(replace(exc, **change), inh)))
    assert str(refused.value).startswith("population exc: ")
    assert why in str(refused.value)


BAD = [
    (["cell.a=abc"], "cell.a=abc is not a number"),
    (["cell.a=null"], "cell.a=null is not a number"),
    (["cell.a={low: 3}"], "cell.a names no distribution"),
    (["cell.a={distribution: uniforn, low: 0, high: 1}"], "did you mean uniform?"),
    (["cell.a={distribution: uniform, low: 0.02}"], "cell.a.high is missing"),
    (["cell.a={distribution: uniform, low: 0.1, high: 0.02}"], "low=0.1 must be less than high=0.02"),
    (
        ["cell.a={distribution: normal, mean: 0.02, std: 0.1}"],
        "must be at least 0 per ms; this can be drawn from cell.a=",
    ),
    (["cell.a={distribution: uniform, low: 0.02, high: 1.1}"], "must be at most 1/dt_ms=1 per ms; this can be drawn"),
    (["cell.a.low=0.1"], "cell.a is one value, write cell.a=VALUE"),
    (["cell.c={distribution: uniform, low: -60, high: 40}"], "must be below the peak of a spike, 30 mV"),
    (
        ["cell=if_cond_exp", "cell.tau_m={distribution: normal, mean: 20, std: 8}"],
        "can fall below 1e-15 ms; give it low",
    ),
    (["cell=if_cond_exp", "cell.cm={distribution: uniform, low: 0, high: 1}"], "give it a low of 1e-15 or more"),
    (
        ["cell=if_cond_exp", "cell.v_thresh={distribution: normal, mean: -50, std: 3}"],
        "cell.v_reset=-60 must be below cell.v_thresh=-71.1034 mV",
    ),
    (["cell=if_cond_exp", "cell.tau_refrac={distribution: normal, mean: 5, std: 3}"], "must be at least 0 ms"),
    (
        ["cell=if_cond_exp", "cell.tau_m={distribution: uniform, low: 0.2, high: 30}", "cell.integrator=euler"],
        "is too fast for cell.integrator=euler",
    ),
    (["cell.c={expression: 2 +}"], "cell.c: the expression '2 +' cannot be read"),
    (["cell.c={expression: '-65 + 15*rr'}", f"cell.draws.r={UNIFORM}"], "uses rr, which is unknown here"),
    (["cell.c={expression: '2*tau_sin_E'}"], "did you mean tau_syn_E?"),
    (["cell.c={expression: '2*c'}"], "uses c, which is unknown here"),
    (["cell.c={expression: '2*v_init'}"], "uses v_init, which is unknown here"),
    (["cell.c={expression: d}", "cell.d={expression: c}"], "these expressions use each other in a circle"),
    (["cell.c={expression: '1/r'}", "cell.draws.r=0"], "1 / r is a division by zero at r=0"),
    (["cell.c={expression: 'log(r - 1)'}", f"cell.draws.r={UNIFORM}"], "is not a finite number at r="),
    (["cell.c={expression: '-65 + 150*r'}", f"cell.draws.r={UNIFORM}"], "must be below the peak of a spike, 30 mV"),
    (
        [
            "cell=if_cond_exp",
            "cell.tau_m={expression: '10*r'}",
            "cell.draws.r={distribution: uniform, low: -1, high: 1}",
        ],
        "must be greater than 0 ms",
    ),
    (["cell.c={expression: '-65', low: 3}"], "cell.c: an expression stands alone; leave out low"),
    (["cell.c={expression: [1]}"], "cell.c.expression=[1] is not a text"),
    (["cell.weight_exc={expression: '2*a'}"], "only parameters and initial values of cells are given by an expression"),
    (["connectivity.delay_ms={expression: '2*a'}"], "only parameters and initial values of cells"),
    (["cell.draws=3"], "cell.draws=3 is not a mapping"),
    (["cell.draws.a=3"], "a is a setting of the cell; give the draw another name"),
    (["cell.draws.exp=3"], "cell.draws: exp cannot be the name of a draw"),
    (["cell.draws.lambda=3"], "cell.draws: lambda cannot be the name of a draw"),
    (["cell.draws.r=abc"], "cell.draws.r=abc is not a number"),
    (["cell.draws.r={expression: s}"], "uses s, which is unknown here"),
    (["cell.draws.r.low=3"], "cell.draws.r is unknown"),
    (["cell.u_init={expression: '1e300*b*1e300'}"], "is not a finite number"),
]


@pytest.mark.parametrize(("words", "why"), BAD, ids=[" ".join(words)[:60] for words, _ in BAD])
def test_what_cannot_be_drawn_is_refused_in_one_line(words: list[str], why: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        checked(*words)
    message = str(refused.value)
    assert why in message
    assert len(message.splitlines()) == 1
    assert len(message) < 400


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["cell=if_curr_alpha", "cell.tau_syn_E={distribution: uniform, low: 0.5, high: 9}"], "no alpha current"),
        (
            ["cell=if_curr_exp", "cell.cm={distribution: uniform, low: 1e-5, high: 1}"],
            "is beyond what SpiNNaker's numbers hold",
        ),
        (["cell=if_curr_exp", "cell.i_offset={distribution: normal, mean: 1e4, std: 30}"], "is beyond what SpiNNaker"),
        (
            ["cell.u_init={expression: '-65e4 + b'}"],
            "cell.u_init=-649999.8 mV/ms is beyond what SpiNNaker's numbers hold",
        ),
        (
            [
                "cell=if_curr_alpha",
                "cell.tau_syn_E={distribution: uniform, low: 2, high: 9}",
                "connectivity.draw=native",
            ],
            "the machine's weights of excitatory synapses depend on the cell",
        ),
    ],
)
def test_what_the_board_cannot_hold_is_refused_before_anything_is_built(words: list[str], why: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^[^\n]*$") as refused:
        checked("backend=spinnaker", "backend.machine=software", "stimulus=none", *words)
    assert why in str(refused.value)


def test_what_nest_cannot_hold_is_refused_before_anything_is_built() -> None:
    with pytest.raises(ConfigurationError, match="is too short for if_curr_exp on NEST"):
        checked("backend=nest", "cell=if_curr_exp", "cell.tau_syn_E={distribution: uniform, low: 1e-4, high: 9}")


def test_correlated_draws_are_judged_together() -> None:
    """The threshold may lie anywhere if the reset lies below it in each cell."""
    words = ["cell=if_cond_exp", "cell.v_thresh={distribution: uniform, low: -70, high: -40}"]
    with pytest.raises(ConfigurationError, match=r"v_reset=-60 must be below cell\.v_thresh=-70 mV"):
        checked(*words)
    checked(*words, 'cell.v_reset={expression: "v_thresh - 5"}')


def test_implausible_draws_give_a_warning() -> None:
    config = compose([f"cell.draws.r={UNIFORM}", 'cell.c={expression: "-65 - 1500*r"}', "cell.b=0.2"]).config
    (doubt,) = doubts(config)
    assert doubt.setting == "cell.c"
    assert "outside the plausible range (-200 to 100 mV)" in doubt.text
    config = compose(["cell.a={distribution: uniform, low: 0.02, high: 20}"]).config
    assert [each.setting for each in doubts(config)] == ["cell.a.high"]
