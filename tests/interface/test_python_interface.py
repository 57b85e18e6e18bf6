"""``import varesearch as va``: the same runs, the same numbers and the same errors as the command's."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import varesearch as va
from varesearch.cli import main
from varesearch.config.compose import compose
from varesearch.interface.words import words_of
from varesearch.result import Status
from varesearch.tracking.tags import NETWORK_HASH

SMALL = {"connectivity": {"n": 60, "p": 0.1}, "simulation": {"duration_ms": 100}, "analysis": {"warmup_ms": 0}}
WORDS = ("connectivity.n=60", "connectivity.p=0.1", "simulation.duration_ms=100", "analysis.warmup_ms=0")
BACKENDS = {
    "brian2": ("backend=brian2",),
    "nest": ("backend=nest",),
    "spinnaker": ("backend=spinnaker", "backend.machine=software"),
}

# Without site-packages (-S), whose .pth files import what they like.
SOURCES = {"PYTHONPATH": str(Path(va.__file__).parents[1])}

# Each simulator's first run in its process, by the command.
_BY_COMMAND = """
import json, sys
from varesearch.cli import main
for words in json.loads(sys.argv[1]):
    if main(words):
        sys.exit(f"failed: {words}")
"""


@pytest.fixture(scope="module")
def run(root: Path) -> va.Run:
    return va.run(**SMALL)


def test_importing_it_imports_nothing_else() -> None:
    script = """
import sys, varesearch
ours = [name for name in sys.modules if name.partition('.')[0] not in sys.stdlib_module_names]
print([name for name in ours if name != '__main__'])
"""
    done = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=True, env=SOURCES)
    assert done.stdout.strip() == "['varesearch']"


@pytest.mark.timeout(600)
def test_two_runs_in_one_process_on_three_simulators_are_those_of_the_command(root: Path) -> None:
    words = [[*WORDS, *of_backend, f"tracking.run_name=command_{name}"] for name, of_backend in BACKENDS.items()]
    done = subprocess.run(
        [sys.executable, "-c", _BY_COMMAND, json.dumps(words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for _ in range(2):
        for name, of_backend in BACKENDS.items():
            here, there = va.run(*of_backend, **SMALL), va.load(f"command_{name}")
            assert isinstance(there, va.Run)
            assert here.status is there.status is Status.FINISHED
            assert here.network_hash == there.network_hash
            assert sum(map(len, here.spikes.values())) > 0
            for population, spikes in there.spikes.items():
                np.testing.assert_array_equal(here.spikes[population].ids, spikes.ids)
                np.testing.assert_array_equal(here.spikes[population].times_ms, spikes.times_ms)
                v = here.signals[population]["v"].values
                np.testing.assert_array_equal(v, there.signals[population]["v"].values)


def test_a_run_has_its_numbers_spikes_signals_and_figures(run: va.Run) -> None:
    assert run.status is Status.FINISHED and run.degraded == ""
    spikes = run.spikes["exc"]
    assert len(spikes) == run.metrics["exc.spike_count"] == sum(map(len, spikes.trains()))
    assert len(spikes.trains()) == spikes.size == 48
    assert run.signals["inh"]["v"].values.shape == (100, 12)
    assert run.config["connectivity"]["p"] == 0.1
    assert run.figure("raster")._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(va.ConfigurationError, match=r"^rastr: no such figure .* raster"):
        run.figure("rastr")


def test_objects_show_themselves_in_a_notebook(run: va.Run) -> None:
    page = run._repr_html_()
    assert run.id[:8] in page and "<td>rate_hz</td>" in page and "<th>exc</th>" in page
    assert run.id in va.runs()._repr_html_()
    assert run.id[:8] in repr(run)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"connectivity": {"q": 1}}, ["connectivity.q=1"]),
        ({"backend": "nst"}, ["backend=nst"]),
        ({"cell": {"model": "izhikevich", "a": -1}}, ["cell=izhikevich", "cell.a=-1"]),
        ({"simulation": {"duration_ms": "long"}}, ["simulation.duration_ms=long"]),
        ({"backend": {"name": "spinnaker", "machine": "board"}}, ["backend=spinnaker", "backend.machine=board"]),
    ],
)
def test_bad_input_is_refused_with_the_line_of_the_command(
    root: Path, settings: dict, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(va.runs())
    with pytest.raises(va.ConfigurationError) as refused:
        va.run(**settings)
    assert main(words) == 2
    assert capsys.readouterr().err.strip() == f"varesearch: {refused.value}"
    assert len(va.runs()) == before


def test_settings_of_sweeps_and_a_dry_run_are_refused(root: Path) -> None:
    with pytest.raises(va.ConfigurationError, match=r"launcher is a setting of sweeps; call va.sweep"):
        va.run(launcher="basic")
    with pytest.raises(va.ConfigurationError, match="dry_run"):
        va.run(dry_run=True)
    with pytest.raises(va.ConfigurationError, match="an override is a text"):
        va.run({"cell": "izhikevich"})  # type: ignore[arg-type]


def test_runs_are_found_by_their_settings(run: va.Run) -> None:
    found = va.runs().filter(backend="brian2", connectivity={"p": 0.1, "n": 60.0})
    assert run.id in [each.id for each in found]
    frame = found.to_frame()
    assert frame.loc[run.id, "exc.rate_hz"] == run.metrics["exc.rate_hz"]
    assert frame.loc[run.id, "connectivity.p"] == 0.1
    assert set(frame["backend.name"]) == {"brian2"}
    assert len(va.runs().filter(connectivity={"p": 0.10001})) == 0


def test_a_sweep_and_a_comparison(root: Path, run: va.Run) -> None:
    made = va.sweep(**SMALL, seed=[1, 2], cell={"d": [2, 8]})
    frame = made.to_frame()
    assert list(frame["status"]) == ["FINISHED"] * 4
    assert sorted(zip(frame["cell.d"], frame["seed"], strict=True)) == [(2, 1), (2, 2), (8, 1), (8, 2)]
    assert made.id[:8] in made._repr_html_()
    (same,) = frame.loc[frame["taken_over"], "run_id"]
    assert same == run.id  # seed 1 and d 2 are the defaults
    other = va.load(str(frame["run_id"].iloc[-1]))
    assert isinstance(other, va.Run)
    compared = va.compare(run, other)
    assert "not judged" in compared.verdict
    assert {"metric", "population"} <= set(compared.to_frame().columns)
    assert compared.id in (va.load(compared.id).id, compared.id)


@given(a=st.floats(0.001, 1), d=st.integers(0, 9), verbose=st.booleans(), low=st.floats(-80, -60))
def test_python_values_mean_what_their_words_mean(a: float, d: int, verbose: bool, low: float) -> None:
    v_init = {"distribution": "uniform", "low": low, "high": -50.0}
    words = words_of(
        (), {"cell": {"model": "izhikevich", "a": np.float64(a), "d": d, "v_init": v_init}, "verbose": verbose}
    )
    resolved = compose(words).resolved
    assert (resolved["cell"]["a"], resolved["cell"]["d"], resolved["verbose"]) == (a, d, verbose)
    assert resolved["cell"]["v_init"] == v_init


@pytest.mark.parametrize("text", ["a run, with a comma", "it's", "a=b", "back\\slash", "50 %", "{x}", "[1]", "ü"])
def test_texts_arrive_as_they_are(text: str) -> None:
    assert compose(words_of((), {"tracking": {"run_name": text}})).resolved["tracking"]["run_name"] == text


def test_a_list_is_several_values_in_a_sweep_and_one_value_in_a_run() -> None:
    signals = {"recording": {"signals": ["v", "u"]}}
    assert words_of((), signals) == ("recording.signals=[v, u]",)
    assert words_of((), {"seed": range(1, 4)}, sweeps=True) == ("seed=1,2,3",)
    assert words_of((), {"recording": {"signals": [["v"], []]}}, sweeps=True) == ("recording.signals=[v],[]",)


def test_the_hash_of_the_default_network_is_known(root: Path) -> None:
    made = va.run(simulation={"duration_ms": 1000})
    assert made.network_hash.startswith("47b49cbe8b52")
    # Without those of the first 100 ms, which the analysis leaves out.
    assert (made.metrics["exc.spike_count"], made.metrics["inh.spike_count"]) == (36_754, 9_177)
    assert made.record.tags[NETWORK_HASH] == made.network_hash
