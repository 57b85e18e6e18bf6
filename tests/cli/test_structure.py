"""Populations, projections and stimuli as data: what a configuration describes, and what of it is kept."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.plausibility import doubts
from varesearch.config.restore import restore
from varesearch.config.structure import Structure
from varesearch.config.validation import validate
from varesearch.network import draw

THREE = "populations={pyr: {size: 40}, pv: {size: 10, receptor: inhibitory}, sst: {size: 8, receptor: inhibitory}}"
BLOCK = (
    "projections.all={pre: [pyr, pv, sst], post: [pyr, pv, sst], p: [[0.1, 0.2, 0.3], [0.4, null, 0.6], [0, 1, 0.5]]}"
)


def structure(*words: str) -> Structure:
    config = compose(words).config
    validate(config)
    return config.structure


def test_one_word_changes_the_cell_of_one_population() -> None:
    pair = structure("populations.inh.cell.a=0.1").populations
    assert (pair["exc"].cell.a, pair["inh"].cell.a) == (0.02, 0.1)  # type: ignore[attr-defined]
    assert (pair["exc"].where, pair["inh"].where) == ("cell", "populations.inh.cell")


def test_settings_of_the_group_go_on_meaning_all_cells_of_the_model() -> None:
    for words in (["cell.b=0.25", "populations.inh.cell.a=0.1"], ["populations.inh.cell.a=0.1", "cell.b=0.25"]):
        cells = structure(*words).populations
        assert (cells["exc"].cell.b, cells["inh"].cell.b, cells["inh"].cell.a) == (0.25, 0.25, 0.1)  # type: ignore[attr-defined]


def test_another_model_brings_its_own_weights_in_its_own_unit() -> None:
    found = structure("populations.inh.cell=if_cond_exp")
    onto_inh = found.projection("exc_to_inh")
    assert onto_inh is not None
    assert (onto_inh.key("weight"), str(onto_inh.weight)) == ("populations.inh.cell.weight_exc", "0.004")
    from_source = found.projection("thalamus_to_inh")
    assert from_source is not None and str(from_source.weight) == "0.1"
    assert from_source.key("weight") == "populations.inh.cell.weight_stimulus"


def test_references_within_a_cell_mean_that_cell() -> None:
    config = compose(["experiment=seed_izhikevich", "populations.inh.cell.c=-60", "populations.inh.cell.a=0.1"]).config
    cells = config.structure.populations
    assert (cells["exc"].cell.v_init.lower, cells["inh"].cell.v_init.lower) == (-65.0, -60.0)


def test_a_matrix_has_a_row_for_each_target_and_a_column_for_each_source() -> None:
    found = {each.name: each["p"] for each in structure(THREE, "stimulus=none", BLOCK).projections}
    assert found == {
        "pyr_to_pyr": 0.1,
        "pv_to_pyr": 0.2,
        "sst_to_pyr": 0.3,
        "pyr_to_pv": 0.4,
        "sst_to_pv": 0.6,
        "pyr_to_sst": 0.0,
        "pv_to_sst": 1.0,
        "sst_to_sst": 0.5,
    }


def test_the_receptor_follows_the_population_and_can_be_given_for_a_projection() -> None:
    receptors = {each.name: each.receptor for each in structure(THREE, "stimulus=none").projections}
    assert {receptor for name, receptor in receptors.items() if name.startswith("pyr")} == {"excitatory"}
    assert {receptor for name, receptor in receptors.items() if not name.startswith("pyr")} == {"inhibitory"}
    changed = structure("projections.inh_to_exc.receptor=excitatory").projection("inh_to_exc")
    assert changed is not None and (changed.receptor, str(changed.weight)) == ("excitatory", "1")


def test_a_projection_is_left_out_changed_and_added() -> None:
    names = [
        each.name
        for each in structure(
            "projections.exc_to_inh=null",
            "projections.inh_to_inh.p=0.5",
            "projections.second={pre: exc, post: exc, rule: fixed_in_degree, in_degree: 3, weight: 7}",
        ).projections
    ]
    assert names == ["exc_to_exc", "inh_to_exc", "inh_to_inh", "second"]


def test_several_stimuli_have_names_and_random_numbers_of_their_own() -> None:
    words = ["stimulus=none", "stimuli.a=background_poisson", "stimuli.b=background_poisson", "stimuli.b.targets=[exc]"]
    network = draw(compose([*words, "connectivity.n=50", "simulation.duration_ms=200"]).config)
    assert [source.name for source in network.sources] == ["a_exc", "a_inh", "b"]
    first, _, third = network.sources
    assert (first.size, third.size) == (40, 40) and first.steps.tolist() != third.steps.tolist()
    alone = draw(compose([*words[:1], *words[2:], "connectivity.n=50", "simulation.duration_ms=200"]).config)
    assert alone.source("b").steps.tolist() == third.steps.tolist()


def test_a_change_of_one_population_leaves_all_other_draws_as_they_were() -> None:
    one = draw(compose([THREE, "stimulus=none", "connectivity.p=0.3"]).config)
    other = draw(compose([THREE, "stimulus=none", "connectivity.p=0.3", "populations.sst.size=9"]).config)
    for projection in one.projections:
        again = next(each for each in other.projections if each.name == projection.name)
        same = projection.sources.tolist() == again.sources.tolist()
        assert same == ("sst" not in (projection.pre, projection.post))


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["populations.inh.cell={a: 0.1, d: 2}", "projections.exc_to_inh.p=0.5", "stimuli.bg=background_poisson"],
        [THREE, "stimulus=none", BLOCK, "populations.pv.cell=if_cond_exp"],
        ["projections.exc_to_exc=null", "projections.x={pre: exc, post: inh, rule: all_to_all, weight: 0.1}"],
        ["populations.exc.cell.a={distribution: uniform, low: 0.01, high: 0.03}"],
    ],
    ids=["pair", "changed pair", "three", "listed", "drawn"],
)
def test_what_a_run_keeps_gives_the_same_network(words: list[str]) -> None:
    composed = compose([*words, "connectivity.n=60"])
    assert draw(restore(composed.resolved)).hash == draw(composed.config).hash


def test_a_doubt_about_a_cell_names_the_population_that_has_it() -> None:
    assert [doubt.setting for doubt in doubts(compose(["populations.inh.cell.tau_syn_E=5000"]).config)] == [
        "populations.inh.cell.tau_syn_E"
    ]


def test_a_population_without_a_size_of_its_own_keeps_that_of_the_pair() -> None:
    assert structure("populations.inh.size=7").sizes == {"exc": 1200, "inh": 7}


@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=6), p=st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_every_network_of_data_is_drawn_within_its_populations(sizes: list[int], p: float) -> None:
    named = ", ".join(f"p{index}: {{size: {size}}}" for index, size in enumerate(sizes))
    config = compose([f"populations={{{named}}}", "stimulus=none", f"connectivity.p={p}"]).config
    validate(config)
    network = draw(config)
    assert [population.size for population in network.populations] == sizes
    assert len(network.projections) == len(sizes) ** 2
    for projection in network.projections:
        pre, post = network.population(projection.pre), network.population(projection.post)
        assert ((projection.sources >= 0) & (projection.sources < pre.size)).all()
        assert ((projection.targets >= 0) & (projection.targets < post.size)).all()


def test_a_structure_can_be_asked_for_the_parts_it_needs() -> None:
    found = structure("populations.inh.cell=if_cond_exp", "stimuli.extra=step_current")
    names = {part.__name__ for part in found.parts}
    assert {"Izhikevich", "IfCondExp", "FixedProbability", "ThalamicBurst", "StepCurrent"} <= names
    assert replace(found, projections=()).sizes == found.sizes


def test_a_weight_that_says_nothing_of_a_population_with_a_cell_of_its_own_is_refused() -> None:
    """The cell's own default, named: 1 would reach exc only, and 1.5 both; a record cannot tell it from no name."""
    other = "populations.inh.cell=if_cond_exp"
    with pytest.raises(ConfigurationError) as refused:
        compose([other, "connectivity.weight_exc=1"])
    assert str(refused.value) == (
        "connectivity.weight_exc=1 is what cell.weight_exc gives anyway, and does not say what synapses onto inh shall "
        "have, whose own cell gives 0.004 µS; leave it out, or write populations.inh.cell.weight_exc=1 besides"
    )
    with pytest.raises(ConfigurationError, match=r"^stimuli\.more\.weight=0.1 is what cell.weight_stimulus gives"):
        compose(
            ["populations.inh.cell.weight_stimulus=0.2", "stimuli.more=background_poisson", "stimuli.more.weight=0.1"]
        )
    # What it proposes, what means something, and what is no other weight.
    said = structure(other, "connectivity.weight_exc=1", "populations.inh.cell.weight_exc=1")
    assert {each.post: str(each.weight) for each in said.projections if each.pre == "exc"} == {"exc": "1", "inh": "1"}
    for words in (["connectivity.weight_exc=1.5"], ["connectivity.weight_exc=${cell.weight_exc}"], []):
        compose([other, *words])
    compose(["populations.inh.cell.a=0.1", "connectivity.weight_exc=1"])
