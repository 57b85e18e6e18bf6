"""The known-answer test of each simulator on this machine, and that it can fail."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_runs import CACHE
from solved import solve
from solved_cells import adaptive_exponential, calcium_adaptation, hodgkin_huxley

from varesearch.backends import backend_class
from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.nest import NestSettings
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.config.backend import BackendSettings
from varesearch.config.cell import Cell
from varesearch.config.parts import parts
from varesearch.known_answers import (
    DELAY,
    DT_MS,
    FINE_STEPS,
    FIRED,
    SOLVED,
    STEPS,
    cell_of,
    known_answer,
    step_of,
)
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
    has = backend_class(type(settings)).integrators
    assert {answer.model for answer in answers} == {name for name, cell in parts(Cell).items() if has(cell)}
    for answer in answers:
        assert answer.found == answer.expected, answer.model
        assert answer.right
        assert answer.expected["driven"]
        assert all(answer.expected.values())


EQUATIONS: dict[str, Callable[..., Any]] = {
    "aeif_cond_exp": adaptive_exponential,
    "aeif_cond_alpha": adaptive_exponential,
    "hh_cond_exp": hodgkin_huxley,
    "if_curr_exp_ca2": calcium_adaptation,
}


@pytest.mark.parametrize("model", SOLVED)
def test_the_trains_that_are_kept_are_those_of_the_equations(model: str) -> None:
    """Also with a thousandth more or less of what drives the cell: no spike is near the end of its step."""
    known, driven = SOLVED[model], cell_of(parts(Cell)[model])
    hit, dt_ms = dataclasses.replace(driven, i_offset=0.0), step_of(driven)
    steps, start = (STEPS if dt_ms == DT_MS else FINE_STEPS), {"v": -65.0, **known.initial}
    for share in (0.999, 1.001):
        more = dataclasses.replace(driven, i_offset=share * driven.i_offset)
        assert tuple(solve(EQUATIONS[model](more, start, {}, dt_ms), steps, dt_ms)[0]) == known.driven
        arrivals = {"excitatory": [(FIRED + DELAY, share * known.weight)]}
        assert tuple(solve(EQUATIONS[model](hit, start, arrivals, dt_ms), steps, dt_ms)[0]) == known.hit


def test_a_cell_that_is_never_reset_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Brian2's Cython target once left every integrate-and-fire cell."""
    never = dataclasses.replace(EXACT, reset="v = v")
    monkeypatch.setitem(IfCurrExp.simulators, "brian2", Steps({"exact": never}))
    wrong = [answer.model for answer in known_answer(Brian2Settings()) if not answer.right]
    assert wrong == ["if_curr_exp"]
