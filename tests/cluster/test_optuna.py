"""The search: what it finds, what it makes of seeds and failures, and that it goes on where it was stopped."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from searches import Evaluator, best_at_five_percent, search

from varesearch.config.errors import ConfigurationError
from varesearch.sweeps.space import Dimension
from varesearch.sweeps.sweepers.optuna.study import STUDY_FILE


def read_study(folder: Path) -> optuna.Study:
    """What another program of Optuna's finds in the file."""
    storage = JournalStorage(JournalFileBackend(str(folder / STUDY_FILE)))
    return optuna.load_study(study_name=None, storage=storage)


def test_search_finds_the_best_point(tmp_path: Path) -> None:
    evaluator = Evaluator()
    tags = search(tmp_path, evaluator, trials=40)
    assert len(evaluator.tried) == 40
    assert max(evaluator.finished.values()) > 0.9
    words, value = max(evaluator.finished.items(), key=lambda item: item[1])
    assert tags["varesearch.best"] == " ".join(words)
    assert tags["varesearch.best_value"] == f"exc.cv_isi={value!r}"
    assert tags["varesearch.best_runs"] == f"run of {' '.join(words)}"


def test_smallest_value_is_found_too(tmp_path: Path) -> None:
    evaluator = Evaluator()
    tags = search(tmp_path, evaluator, direction="minimize")
    assert tags["varesearch.best_value"] == f"exc.cv_isi={min(evaluator.finished.values())!r}"


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    stops=st.lists(st.integers(0, 7), max_size=3),
    batch=st.integers(1, 4),
    sampler=st.sampled_from(["tpe", "random", "qmc"]),
)
def test_stopped_search_goes_on_as_if_it_had_not_been(stops: list[int], batch: int, sampler: str) -> None:
    with tempfile.TemporaryDirectory() as through, tempfile.TemporaryDirectory() as stopped:
        whole = Evaluator()
        expected = search(Path(through), whole, batch=batch, sampler=sampler)
        tried: list[tuple[str, ...]] = []
        finished: dict[tuple[str, ...], float] = {}
        tags: dict[str, str] = {}
        for stop in [*stops, float("inf")]:
            part = Evaluator(stop_after=stop, finished=finished)
            tags = search(Path(stopped), part, batch=batch, sampler=sampler)
            tried += part.tried
        assert finished == whole.finished
        # Beside what was struck down, nothing was run twice.
        assert len(tried) <= len(finished) + len(stops)
        assert {**tags, "varesearch.best_trial": ""} == {**expected, "varesearch.best_trial": ""}


def test_more_trials_go_on_with_the_same_study(tmp_path: Path) -> None:
    first, whole = Evaluator(), Evaluator()
    second = Evaluator(finished=first.finished)
    (tmp_path / "whole").mkdir()
    search(tmp_path, first, trials=6)
    search(tmp_path, second, trials=12)
    assert second.batches[0] == 6, "the table of the sweep has the earlier runs, too"
    search(tmp_path / "whole", whole, trials=12)
    assert first.tried + second.tried == whole.tried


def test_search_that_is_done_runs_nothing(tmp_path: Path) -> None:
    first = Evaluator()
    search(tmp_path, first, trials=6)
    again = Evaluator(finished=first.finished)
    tags = search(tmp_path, again, trials=6)
    assert again.tried == []
    assert tags["varesearch.best"]


def test_results_that_the_store_has_lost_are_run_again(tmp_path: Path) -> None:
    first, again = Evaluator(), Evaluator()
    search(tmp_path, first, trials=3)
    search(tmp_path, again, trials=3)
    assert again.tried == first.tried


def test_another_seed_of_the_sampler_tries_other_points(tmp_path: Path) -> None:
    one, two = Evaluator(), Evaluator()
    (tmp_path / "two").mkdir()
    search(tmp_path, one, trials=5)
    search(tmp_path / "two", two, trials=5, sampler_seed=2)
    assert len({*one.tried, *two.tried}) == 10


def test_seeds_are_repetitions_whose_mean_counts(tmp_path: Path) -> None:
    dimensions = (Dimension("connectivity.p", bounds=(0.01, 0.1)), Dimension("seed", values=("1", "2", "3")))
    evaluator = Evaluator(value=lambda point: float(point["connectivity.p"]) * float(point["seed"]))
    tags = search(tmp_path, evaluator, dimensions=dimensions, trials=5, batch=2)
    assert evaluator.batches == [6, 6, 3]
    best = read_study(tmp_path).best_trial
    assert best.value == pytest.approx(2 * best.params["connectivity.p"])
    assert "seed" not in best.params
    assert len(tags["varesearch.best_runs"].split("run of")) == 4


def test_failed_trial_has_no_value_and_is_repeated_by_the_next_start_alone(tmp_path: Path) -> None:
    seen: list[str] = []

    def fails_at_first(point: Mapping[str, str]) -> float | str:
        seen.append(point["connectivity.p"])
        return "ended by SIGSEGV" if len(seen) == 2 else best_at_five_percent(point)

    finished: dict[tuple[str, ...], float] = {}
    search(tmp_path, Evaluator(value=fails_at_first, finished=finished), trials=6)
    assert len(seen) == 6
    failed = [trial for trial in read_study(tmp_path).trials if trial.value is None]
    assert [trial.user_attrs["reason"] for trial in failed] == ["ended by SIGSEGV"]
    search(tmp_path, Evaluator(value=fails_at_first, finished=finished), trials=6)
    assert seen[6:] == [seen[1]]
    search(tmp_path, Evaluator(value=fails_at_first, finished=finished), trials=6)
    assert len(seen) == 7


def test_undefined_metric_is_no_value(tmp_path: Path) -> None:
    tags = search(tmp_path, Evaluator(value=lambda point: float("nan")), trials=3)
    assert tags == {"varesearch.best": "none: no trial has a value of exc.cv_isi"}
    assert {trial.state for trial in read_study(tmp_path).trials} == {optuna.trial.TrialState.FAIL}


def test_invalid_points_are_failed_trials(tmp_path: Path) -> None:
    evaluator = Evaluator(invalid=lambda point: float(point["connectivity.p"]) > 0.06)
    search(tmp_path, evaluator, trials=20)
    assert 0 < len(evaluator.tried) < 20
    assert len(read_study(tmp_path).trials) == 20


def test_space_without_a_valid_point_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not allowed"):
        search(tmp_path, Evaluator(invalid=lambda point: True))


def test_small_space_is_not_searched_twice(tmp_path: Path) -> None:
    evaluator = Evaluator(value=lambda point: float(point["simulation.dt_ms"]))
    dimensions = [Dimension("simulation.dt_ms", values=("0.1", "0.2", "0.5"), ordered=True)]
    tags = search(tmp_path, evaluator, dimensions=dimensions, trials=100, batch=1)
    assert set(evaluator.finished) == {("simulation.dt_ms=0.1",), ("simulation.dt_ms=0.2",), ("simulation.dt_ms=0.5",)}
    assert len(evaluator.tried) < 50
    assert tags["varesearch.best"] == "simulation.dt_ms=0.5"


@settings(max_examples=10, deadline=None)
@given(
    low=st.floats(1e-6, 100, allow_subnormal=False),
    ratio=st.floats(1.01, 1e4),
    logarithmic=st.booleans(),
    whole=st.booleans(),
)
def test_points_keep_to_their_bounds(low: float, ratio: float, logarithmic: bool, whole: bool) -> None:
    low, high = (float(int(low) + 1), float(int(low * ratio) + 3)) if whole else (low, low * ratio)
    dimension = Dimension("connectivity.inh_to_exc.weight", (), (low, high), False, whole, logarithmic)
    evaluator = Evaluator(value=lambda point: float(next(iter(point.values()))))
    with tempfile.TemporaryDirectory() as folder:
        search(Path(folder), evaluator, dimensions=[dimension], trials=3, sampler="random")
    values = list(evaluator.finished.values())
    assert all(low <= value <= high for value in values)
    assert not whole or all("." not in words[0].partition("=")[2] for words in evaluator.tried)


def test_study_with_a_torn_last_line_is_read(tmp_path: Path) -> None:
    first = Evaluator()
    search(tmp_path, first, trials=4)
    with (tmp_path / STUDY_FILE).open("ab") as study:
        study.write(b'{"op_code":4,"worker_')
    again = Evaluator(finished=first.finished)
    search(tmp_path, again, trials=6)
    assert len(again.tried) == 2


@pytest.mark.parametrize(
    ("changes", "dimensions", "told"),
    [
        ({"metric": None}, None, "sweeper.metric=exc.cv_isi"),
        ({"metric": "exc.cv_is"}, None, "did you mean exc.cv_isi"),
        ({"metric": "cv_isi"}, None, "exc or inh, a dot"),
        ({}, [Dimension("seed", values=("1", "2"))], "has nothing to search"),
        ({}, [Dimension("seed", bounds=(1, 9))], "seeds are repetitions"),
        ({}, [Dimension("cell.d", bounds=(-1, 9), logarithmic=True)], "numbers above 0"),
        ({}, [Dimension("connectivity.n", bounds=(1.2, 1.8), whole=True)], "whole numbers"),
    ],
)
def test_what_cannot_be_searched_is_said_before_anything(
    tmp_path: Path, changes: dict[str, Any], dimensions: list[Dimension] | None, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        search(tmp_path, Evaluator(), dimensions=dimensions, **changes)
    assert not list(tmp_path.iterdir())


def test_a_metric_on_request_has_to_be_asked_for(tmp_path: Path) -> None:
    wanted = {"metric": "exc.spectrum_peak_hz", "trials": 1}
    with pytest.raises(ConfigurationError, match=r"only computed on request: write analysis.further=\[spectrum\]"):
        search(tmp_path, Evaluator(), **wanted)
    with pytest.raises(ConfigurationError, match=r"analysis.further=\[distances,spectrum\]"):
        search(tmp_path, Evaluator(), words=["analysis.further=[distances]"], **wanted)
    search(tmp_path, Evaluator(), words=["analysis.further=[spectrum]"], **wanted)


def test_metrics_that_only_the_run_knows_are_accepted(tmp_path: Path) -> None:
    for metric in ("phase.simulate_s", "backend.lost_packets", "realtime_factor", "inh.rate_hz"):
        search(tmp_path, Evaluator(), metric=metric, trials=1)
