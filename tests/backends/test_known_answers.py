"""The known-answer test of each simulator on this machine, and that it can fail."""

import dataclasses
from pathlib import Path

import pytest
from small_runs import CACHE

from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.nest import NestSettings
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.config.backend import BackendSettings
from varesearch.known_answers import known_answer
from varesearch.model.cells.if_curr_exp import EXACT, IfCurrExp
from varesearch.model.simulators import Steps


@pytest.mark.parametrize(
    "settings",
    [
        Brian2Settings(),
        NestSettings(),
        NestSettings(threads=2),
        SpinnakerSettings(machine="software"),
        pytest.param(Brian2Settings(codegen="cython"), marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
        pytest.param(Brian2Settings(codegen="cpp_standalone"), marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
    ],
    ids=str,
)
def test_every_cell_gives_the_trains_that_are_known(settings: BackendSettings, tmp_path: Path) -> None:
    cache = CACHE if settings.name == "nest" else tmp_path
    answers = known_answer(settings, cache)
    assert {"izhikevich", "if_cond_exp", "if_curr_exp", "if_curr_alpha"} <= {answer.model for answer in answers}
    for answer in answers:
        assert answer.found == answer.expected, answer.model
        assert answer.right
        assert answer.expected["driven"]
        assert all(answer.expected.values())


def test_a_cell_that_is_never_reset_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Brian2's Cython target once left every integrate-and-fire cell."""
    never = dataclasses.replace(EXACT, reset="v = v")
    monkeypatch.setitem(IfCurrExp.simulators, "brian2", Steps({"exact": never}))
    wrong = [answer.model for answer in known_answer(Brian2Settings()) if not answer.right]
    assert wrong == ["if_curr_exp"]
