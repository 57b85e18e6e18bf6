"""The table of a sweep on a terminal: everything that varies can be read, at the width of an ordinary window."""

import io
from typing import Any

import pytest

from varesearch.config.compose import compose
from varesearch.sweeps.jobs import Job, Outcome
from varesearch.sweeps.show import summary
from varesearch.terminal import Terminal

BASE = compose([])
NUMBERS = {"exc.rate_hz": 34.03, "inh.rate_hz": 33.99, "exc.cv_isi": 0.5757, "inh.cv_isi": 0.5674}


class Screen(io.StringIO):
    """A terminal that is 80 columns wide (the width comes from COLUMNS)."""

    def isatty(self) -> bool:
        return True


def outcomes(points: list[dict[str, Any]]) -> list[Outcome]:
    jobs = [Job(number, (), BASE, point, f"identity{number}") for number, point in enumerate(points)]
    return [Outcome(job, "FINISHED", f"{job.index:032x}", f"run {job.index}", metrics=NUMBERS) for job in jobs]


@pytest.mark.parametrize(
    "point",
    [
        {"connectivity.inh_to_exc.weight": 2.5123456789012345, "connectivity.exc_to_exc.delay_ms": 1.0},
        {
            "connectivity.exc_to_inh.weight": 1.0,
            "connectivity.inh_to_exc.weight": 2.5,
            "cell.tau_syn_E": 5.0,
            "seed": 1,
        },
        {"connectivity.delay_ms": {"distribution": "lognormal", "mean": 2.0, "std": 0.5, "low": 1.0, "high": 12.0}},
        {"experiment": "seed_original_weights", "backend": "spinnaker", "cell": "izhikevich_delta", "stimulus": "none"},
    ],
    ids=" ".join,
)
def test_no_value_and_no_number_is_cut_at_80_columns(point, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    screen = Screen()
    head, rows = summary(outcomes([point]))
    Terminal(screen).table(head, rows)
    lines = screen.getvalue().splitlines()
    assert all(len(line) <= 80 for line in lines)
    everything = screen.getvalue()
    assert all(text in everything for text in ("34.03", "33.99", "0.5757", "0.5674", "1/1"))
    # A value that is wider than its column goes on below, letter for letter.
    assert all(set(value) <= set(everything) for value in rows[0]) and "…" not in everything


def test_long_numbers_and_long_keys_are_as_short_as_they_can_be_told_apart() -> None:
    points = [
        {"connectivity.inh_to_exc.weight": value, "connectivity.exc_to_exc.weight": 1.0} for value in (1 / 3, 2 / 3)
    ]
    head, rows = summary(outcomes(points))
    assert head[:2] == ["inh_to_exc.weight", "exc_to_exc.weight"]
    assert [row[0] for row in rows] == ["0.3333", "0.6667"]


def test_seeds_of_a_point_are_one_row() -> None:
    head, rows = summary(outcomes([{"cell.d": 2.0, "seed": seed} for seed in range(3)]))
    assert head == ["d", "finished", *NUMBERS]
    assert rows == [["2", "3/3", "34.03", "33.99", "0.5757", "0.5674"]]
