"""In which settings two configurations differ."""

import pytest

from varesearch.comparison.settings import ABSENT, are_two_models, setting_differences
from varesearch.config.compose import compose


def differences(a: list[str], b: list[str]) -> list[tuple[str, str, str, str]]:
    found = setting_differences(compose(a).resolved, compose(b).resolved)
    return [(each.key, each.a, each.b, each.unit) for each in found]


def test_a_number_with_its_unit():
    assert differences([], ["cell.d=8"]) == [("cell.d", "2", "8", "mV/ms")]


def test_a_setting_that_follows_another_one_is_shown_with_it():
    notebook = ["experiment=seed_izhikevich"]
    keys = [row[0] for row in differences(notebook, [*notebook, "cell.i_offset=4"])]
    assert keys[0] == "cell.i_offset" and {"connectivity.weight_exc", "connectivity.weight_inh"} < set(keys)


def test_a_distribution_is_one_setting():
    drawn = "{distribution: uniform, low: 1, high: 5}"
    found = {row[0]: row[1:] for row in differences([], [f"connectivity.delay_ms={drawn}"])}
    a, b, unit = found["connectivity.delay_ms"]
    assert (a, unit) == ("2", "ms") and b.startswith("{distribution: uniform, low: 1")
    assert not any(key.startswith("connectivity.delay_ms.") for key in found)


def test_another_cell_has_settings_of_its_own():
    found = {row[0]: row[1:] for row in differences([], ["cell=if_cond_exp"])}
    assert found["cell.model"] == ("izhikevich", "if_cond_exp", "")
    assert found["cell.a"][1] == ABSENT and found["cell.cm"][0] == ABSENT and found["cell.cm"][2] == "nF"


@pytest.mark.parametrize("words", [["seed=7"], ["tracking.experiment=elsewhere"], ["verbose=true"], ["cell.d=2.0"]])
def test_what_is_no_difference_of_the_model_is_not_named(words):
    assert differences([], words) == []


@pytest.mark.parametrize(
    ("words", "two"),
    [
        (["backend=nest"], False),
        (["recording.cells=3"], False),
        (["analysis.warmup_ms=50"], False),
        (["cell.d=3"], True),
    ],
)
def test_which_differences_make_two_models(words, two):
    found = setting_differences(compose([]).resolved, compose(words).resolved)
    assert found and are_two_models(found) is two
