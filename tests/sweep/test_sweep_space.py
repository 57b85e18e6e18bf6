"""What the words of a sweep span, and what is refused before anything is written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varesearch.cli import main
from varesearch.config.errors import ConfigurationError
from varesearch.config.options import options
from varesearch.sweeps.plan import Planner
from varesearch.sweeps.space import read_space


def points(*words: str) -> list[tuple[str, ...]]:
    return list(read_space(words, options()).points())


def test_the_last_dimension_varies_fastest_and_fixed_words_come_first() -> None:
    found = points("cell=izhikevich,if_cond_exp", "connectivity.n=100", "seed=range(2)")
    assert found == [
        ("connectivity.n=100", "cell=izhikevich", "seed=0"),
        ("connectivity.n=100", "cell=izhikevich", "seed=1"),
        ("connectivity.n=100", "cell=if_cond_exp", "seed=0"),
        ("connectivity.n=100", "cell=if_cond_exp", "seed=1"),
    ]


@given(st.lists(st.lists(st.integers(0, 99), min_size=1, max_size=4, unique=True), min_size=1, max_size=4))
def test_there_are_as_many_points_as_the_product_of_the_values_and_no_two_alike(lists: list[list[int]]) -> None:
    keys = ["seed", "connectivity.n", "analysis.min_isis", "recording.cells"]
    words = [f"{key}=choice({','.join(map(str, values))})" for key, values in zip(keys, lists, strict=False)]
    found = points(*words)
    size = 1
    for values in lists:
        size *= len(values)
    assert len(set(found)) == len(found) == size


def test_the_grammar_is_hydras() -> None:
    (dimension,) = read_space(["cell=glob(if_curr_*,exclude=*_delta)"], options()).dimensions
    assert dimension.values == ("if_curr_alpha", "if_curr_exp", "if_curr_exp_ca2")
    (dimension,) = read_space(["connectivity.p=range(0.1,0.4,0.1)"], options()).dimensions
    assert dimension.values == ("0.1", "0.2", "0.3")
    (dimension,) = read_space(
        ["connectivity.delay_ms=choice(2,{distribution: uniform, low: 1, high: 5})"], options()
    ).dimensions
    assert len(dimension.values) == 2
    assert read_space(["recording.signals=[v,u]"], options()).dimensions == ()


def test_an_interval_is_whole_where_the_setting_is() -> None:
    planner = Planner(["connectivity.n=interval(100,200)", "connectivity.p=interval(0,1)"])
    assert [(d.bounds, d.whole) for d in planner.space.dimensions] == [((100.0, 200.0), True), ((0.0, 1.0), False)]


def test_what_varies_is_typed_and_a_single_value_does_not_vary() -> None:
    planner = Planner(
        ["cell=izhikevich,if_cond_exp", "connectivity.p=0.01,0.02", "connectivity.n=choice(50)", "seed=7"]
    )
    jobs = planner.compose(planner.settings.sweeper.plan(planner.space, None).points)
    assert [dict(job.varied) for job in jobs] == [
        {"cell": cell, "connectivity.p": p} for cell in ("izhikevich", "if_cond_exp") for p in (0.01, 0.02)
    ]
    assert [job.index for job in jobs] == [0, 1, 2, 3]
    assert {job.composed.config.connectivity.n for job in jobs} == {50}


def test_the_words_of_a_child_are_those_of_a_single_run() -> None:
    planner = Planner(["launcher=local", "launcher.workers=2", "fail=fast", "rerun=true", "seed=1,2"])
    first, _ = planner.compose(planner.settings.sweeper.plan(planner.space, None).points)
    assert first.words == first.composed.overrides == ("seed=1",)


BAD = """
seed=1,1 | seed=1,1: names 1 twice
seed=range(3,3) | holds no value
seed=range(1000000) | more than 100,000
cell=glob(q*) | fits no option of cell
seed=glob(1*) | glob chooses among the options of a group
tracking.experiment=a,b | the same for a whole sweep
launcher.workers=1,2 | the same for a whole sweep
connectivity.p=interval(0.1,0.2) | a grid takes single values
connectivity.p=interval(0.2,0.1) | from less to more
connectivity.p=0.1,1.5 | from 0 to 1; for 1.5 % write 0.015; that is combination 2 of 2: connectivity.p=1.5
seed=shuffle(1,2) | leave out shuffle
cell=izhikevich,nonsense | cell=nonsense: cell has no such option
connectivity.delay_ms=2,2.0 | this is the same run as connectivity.delay_ms=2
cell.d=2,3 cell=izhikevich,if_cond_exp | cell.d is unknown
seed=1,2 seed=3 | seed is given twice
backend=brian2,nest cell.integrator=nonsense | cell.integrator=nonsense is unknown to cell=izhikevich on backend=brian2
launcher=local launcher.workers=0 seed=1,2 | launcher.workers=0 must be at least 1
launcher.time_limit_s=-1 seed=1,2 | launcher.time_limit_s=-1 must be greater than 0
fail=sometimes seed=1,2 | fail=sometimes is unknown; choose one of continue, fast
"""


@pytest.mark.parametrize("line", BAD.strip().splitlines())
def test_a_bad_sweep_is_one_line_and_writes_nothing(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path))
    words, _, message = line.partition(" | ")
    assert main(["-m", *words.split()]) == 2
    said = capsys.readouterr()
    assert message in said.err and said.err.count("\n") == 1 and said.out == ""
    assert list(tmp_path.iterdir()) == []


def test_sweeps_are_asked_for_and_their_settings_belong_to_them(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["-m", "seed=1,2"], ["seed=1,2", "--multirun"], ["run", "-m", "seed=1,2"], ["sweep", "seed=1,2"]):
        assert main([*words, "dry_run=true"]) == 0
        assert "2 runs" in capsys.readouterr().out
    for words, message in (
        (["seed=1,2"], "write varesearch sweep for a sweep"),
        (["launcher=local"], "launcher is a setting of sweeps; write varesearch sweep"),
        (["sweeper.name=grid"], "sweeper.name is a setting of sweeps"),
        (["rerun=true"], "rerun is a setting of sweeps"),
        (["-m", "--backends"], "-m: goes with the words of a sweep"),
    ):
        assert main(words) == 2
        assert message in capsys.readouterr().err


OWN_SWEEPER = """
from dataclasses import dataclass

from varesearch.sweeps.jobs import Plan
from varesearch.sweeps.sweepers.grid import Grid as _Grid


@dataclass
class Ends(_Grid):
    'Only the first and the last combination.'

    def plan(self, space, config_dir):
        points = list(space.points())
        return Plan([points[0], points[-1]], [], 2)
"""


def test_a_sweeper_of_the_users_own_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ends.py").write_text(OWN_SWEEPER)
    own = ["--config-dir", str(tmp_path)]
    assert main(["-m", *own, "sweeper=ends", "seed=range(1,9)", "dry_run=true"]) == 0
    page = capsys.readouterr().out
    assert "sweeper=ends" in page and "2 runs" in page and "seed=1 " in page and "seed=8 " in page
    assert main(["sweep", *own, "--help", "sweeper"]) == 0
    assert "Only the first and the last combination." in capsys.readouterr().out


def test_a_preset_cannot_change_what_belongs_to_the_whole_sweep(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "elsewhere.yaml").write_text("# @package _global_\ntracking:\n  experiment: elsewhere\n")
    planner = Planner(["experiment=va_coba,elsewhere"], tmp_path)
    with pytest.raises(ConfigurationError, match="tracking must be the same for the whole sweep"):
        planner.compose(list(planner.space.points()))


def test_dry_run_says_what_would_be_run_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path))
    assert main(["-m", "seed=range(3)", "dry_run=true"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "3 runs, 3 to run, 0 FINISHED already:" in lines
    assert [line.split() for line in lines[-3:]] == [[f"seed={seed}", "to", "run"] for seed in range(3)]
    assert list(tmp_path.iterdir()) == []
