"""The known-answer test of each simulator on this machine, and that it can fail."""

import dataclasses
from pathlib import Path

import pytest
from small_runs import CACHE

from varesearch.config.schema import BackendConfig, Brian2Backend, NestBackend, SpinnakerBackend
from varesearch.known_answers import known_answer
from varesearch.model.cells.if_curr_exp import EXACT, IfCurrExp
from varesearch.model.simulators import Steps


@pytest.mark.parametrize(
    "settings",
    [
        Brian2Backend(),
        NestBackend(),
        NestBackend(threads=2),
        SpinnakerBackend(machine="software"),
        pytest.param(Brian2Backend(codegen="cython"), marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
        pytest.param(Brian2Backend(codegen="cpp_standalone"), marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
    ],
    ids=str,
)
def test_every_cell_gives_the_trains_that_are_known(settings: BackendConfig, tmp_path: Path) -> None:
    cache = CACHE if settings.name == "nest" else tmp_path
    answers = known_answer(settings.name, settings, cache)
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
    wrong = [answer.model for answer in known_answer("brian2", Brian2Backend()) if not answer.right]
    assert wrong == ["if_curr_exp"]
