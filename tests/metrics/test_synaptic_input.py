"""The metrics of synaptic input: which of them a recording has, their values, and why some are undefined."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from varesearch.config.schema import AnalysisConfig
from varesearch.metrics.analysis import Analysis, analyse
from varesearch.metrics.definitions._input import correlations
from varesearch.recording import PopulationRecording, Recording, Signal, population_recording

WARMUP, STEPS = 100, 400
SETTINGS = AnalysisConfig(warmup_ms=float(WARMUP))
NONE = np.empty(0, np.int32)


def population(name: str, unit: str, **signals: np.ndarray) -> PopulationRecording:
    sampled = {
        key: Signal(key, unit, np.arange(values.shape[1], dtype=np.int32), np.arange(len(values), dtype=float), values)
        for key, values in signals.items()
    }
    return population_recording(name, 4, NONE, NONE, 1.0, sampled)


def analysed(*populations: PopulationRecording) -> Analysis:
    return analyse(Recording(1.0, float(STEPS), {each.name: each for each in populations}), SETTINGS, seed=1)


def conductances(
    name: str, unit: str, reversals: tuple[np.ndarray, np.ndarray], **signals: np.ndarray
) -> PopulationRecording:
    """A population of cells with conductances whose reversal potentials are known."""
    made = population(name, unit, **signals)
    known: dict[str, np.ndarray] = {"gsyn_exc": reversals[0], "gsyn_inh": reversals[1]}
    sampled = {
        key: replace(signal, unit="mV") if key == "v" else replace(signal, reversal_mv=known[key])
        for key, signal in made.signals.items()
    }
    return replace(made, signals=sampled)


def of_input(names: list[str]) -> list[str]:
    return [name for name in names if name.partition(".")[2].startswith(("gsyn", "isyn", "ei_"))]


def undefined(result: Analysis) -> dict[str, str]:
    reasons = {each.key: each.reason for each in result.undefined}
    return {key: reasons[key] for key in of_input(list(reasons))}


def noise(seed: int, cells: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2.0, 0.001, (STEPS, cells))


@pytest.mark.parametrize(
    ("kind", "unit", "suffix"),
    [("gsyn", "µS", "us"), ("isyn", "nA", "na"), ("isyn", "mV/ms", "mv_per_ms")],
)
def test_the_balance_of_recorded_input(kind: str, unit: str, suffix: str):
    exc, inh = noise(1), noise(2)
    exc[:WARMUP] = 1e6  # left out
    result = analysed(population("cells", unit, **{f"{kind}_exc": exc, f"{kind}_inh": inh}))
    values = {key: result.values()[key] for key in of_input(list(result.values()))}
    e, i = exc[WARMUP:], inh[WARMUP:]
    assert values == pytest.approx(
        {
            f"cells.{kind}_exc_mean_{suffix}": e.mean(),
            f"cells.{kind}_inh_mean_{suffix}": i.mean(),
            "cells.ei_ratio": e.mean() / i.mean(),
            "cells.ei_correlation": np.mean([np.corrcoef(e[:, cell], i[:, cell])[0, 1] for cell in range(4)]),
        },
        rel=1e-12,
    )
    units = {metric.name: metric.unit for metric in result.metrics}
    assert units[f"{kind}_exc_mean_{suffix}"] == unit and units["ei_ratio"] == units["ei_correlation"] == ""
    assert undefined(result) == {}


def test_constant_conductances_have_the_current_that_ohm_gives():
    """0.01 µS at 60 mV from 0 mV are 0.6 nA into the cell; 0.05 µS at 20 mV above -80 mV are 1 nA out of it."""
    at = {"v": np.full((STEPS, 4), -60.0), "gsyn_exc": np.full((STEPS, 4), 0.01), "gsyn_inh": np.full((STEPS, 4), 0.05)}
    values = analysed(conductances("cells", "µS", (np.zeros(4), np.full(4, -80.0)), **at)).values()
    assert values["cells.isyn_exc_mean_na"] == pytest.approx(0.6)
    assert values["cells.isyn_inh_mean_na"] == pytest.approx(1.0)
    assert values["cells.ei_current_ratio"] == pytest.approx(0.6)
    assert values["cells.ei_ratio"] == pytest.approx(0.2)


@pytest.mark.parametrize(("unit", "suffix", "g"), [("µS", "na", "us"), ("1/ms", "mv_per_ms", "per_ms")])
def test_the_currents_through_conductances_are_means_of_products(unit: str, suffix: str, g: str):
    """Not products of means: v and the conductances vary together; each cell has its own reversal potentials."""
    rng = np.random.default_rng(3)
    exc, inh = noise(1), noise(2)
    v = -60.0 + 2000.0 * (exc - inh) + rng.normal(0, 1, exc.shape)
    to_e, to_i = rng.uniform(-5, 5, 4), rng.uniform(-85, -75, 4)
    v[:WARMUP] = 1e6  # left out
    result = analysed(conductances("cells", unit, (to_e, to_i), gsyn_exc=exc, gsyn_inh=inh, v=v))
    values = result.values()
    e, i, v = exc[WARMUP:], inh[WARMUP:], v[WARMUP:]
    into, out = np.einsum("tc,tc->", e, to_e - v) / e.size, np.einsum("tc,tc->", i, v - to_i) / i.size
    assert values[f"cells.isyn_exc_mean_{suffix}"] == pytest.approx(into, rel=1e-12)
    assert values[f"cells.isyn_inh_mean_{suffix}"] == pytest.approx(out, rel=1e-12)
    assert values["cells.ei_current_ratio"] == pytest.approx(into / out, rel=1e-12)
    assert values[f"cells.gsyn_exc_mean_{g}"] == pytest.approx(e.mean()) != values["cells.ei_ratio"]
    assert {each.unit for each in result.metrics if each.name.startswith("isyn")} == {"nA" if g == "us" else "mV/ms"}
    assert not {f"isyn_exc_mean_{'mv_per_ms' if suffix == 'na' else 'na'}"} & {each.name for each in result.metrics}


def test_a_current_needs_v_and_the_reversal_potential_with_the_conductance():
    exc, inh, v = noise(1), noise(2), np.full((STEPS, 4), -60.0)
    known = np.zeros(4), np.full(4, -80.0)
    without_v = conductances("cells", "µS", known, gsyn_exc=exc, gsyn_inh=inh)
    unknown = replace(population("cells", "µS", gsyn_exc=exc, gsyn_inh=inh, v=v))
    for recorded in (without_v, unknown):
        assert not [name for name in analysed(recorded).values() if "isyn" in name or "current" in name]
    whole = conductances("cells", "µS", known, gsyn_exc=exc, gsyn_inh=inh, v=v)
    other = replace(whole.signals["v"], ids=whole.signals["v"].ids + 1)
    reasons = undefined(analysed(replace(whole, size=5, signals={**whole.signals, "v": other})))
    assert set(reasons.values()) == {
        "v was not sampled in the same cells and steps as gsyn_exc",
        "v was not sampled in the same cells and steps as gsyn_inh",
    }
    assert len(reasons) == 3


def test_a_metric_of_few_samples_says_so():
    """4 of 40 cells in one population, every fourth step in another, all of it in a third, spikes of all."""
    exc = noise(1)
    few = replace(population("few", "nA", isyn_exc=exc), size=40)
    sampled = population("seldom", "nA", isyn_exc=exc).signals["isyn_exc"]
    seldom = replace(sampled, times_ms=sampled.times_ms[::4], values=sampled.values[::4])
    result = analysed(
        few, replace(population("seldom", "nA"), signals={"isyn_exc": seldom}), population("all", "nA", isyn_exc=exc)
    )
    assert {each.key: each.sampled for each in result.metrics if each.sampled} == {
        "few.isyn_exc_mean_na": "4 of 40 cells",
        "seldom.isyn_exc_mean_na": "every 4 ms",
    }
    assert result.sampled() == ["isyn_exc_mean_na computed from 4 of 40 cells (few); every 4 ms (seldom)"]


def test_a_recording_without_input_has_none_of_them_and_no_excuse():
    result = analysed(population("cells", "mV", v=noise(1)))
    assert of_input(list(result.values())) == []
    assert undefined(result) == {}


def test_each_population_has_the_metrics_of_its_own_signals():
    """Conductances in one, currents in another, nothing in a third."""
    result = analysed(
        population("e", "µS", gsyn_exc=noise(1), gsyn_inh=noise(2)),
        population("i", "nA", isyn_exc=noise(3), isyn_inh=noise(4)),
        population("s", "mV", v=noise(5)),
    )
    assert sorted(of_input(list(result.values()))) == sorted(
        f"{owner}.{metric}"
        for owner, means in {"e": "gsyn_{}_mean_us", "i": "isyn_{}_mean_na"}.items()
        for metric in (means.format("exc"), means.format("inh"), "ei_ratio", "ei_correlation")
    )


def test_the_reasons_why_a_balance_is_undefined():
    silent, broken, constant = np.zeros((STEPS, 4)), noise(1), np.full((STEPS, 4), 0.1)
    broken[200, 2] = np.nan
    result = analysed(
        population("half", "µS", gsyn_exc=noise(1)),
        population("quiet", "µS", gsyn_exc=noise(1), gsyn_inh=silent),
        population("still", "nA", isyn_exc=constant, isyn_inh=constant),
        population("broken", "nA", isyn_exc=noise(2), isyn_inh=broken),
    )
    both = "gsyn_inh was not recorded; it needs both in recording.signals"
    vary = "in no sampled cell do both vary after the warm-up"
    finite = "1 of 1200 samples are not finite"
    assert undefined(result) == {
        "half.ei_ratio": both,
        "half.ei_correlation": both,
        "quiet.ei_ratio": "there is no inhibition after the warm-up",
        "quiet.ei_correlation": vary,
        "still.ei_correlation": vary,
        "broken.isyn_inh_mean_na": finite,
        "broken.ei_ratio": finite,
        "broken.ei_correlation": finite,
    }
    assert result.values()["still.ei_ratio"] == 1.0


def test_samples_before_the_warmup_alone_are_no_samples():
    early = np.ones((50, 4))
    reasons = undefined(analysed(population("cells", "µS", gsyn_exc=early, gsyn_inh=early)))
    assert set(reasons.values()) == {"no sample after the warm-up"} and len(reasons) == 4


tables = arrays.arrays(np.float32, (30, 3), elements=st.floats(0, 1, width=32).map(lambda x: round(x, 2)))


@given(tables, tables, st.floats(0.1, 10), st.floats(-5, 5))
def test_the_correlation_is_numpys_and_keeps_under_scale_and_shift(
    one: np.ndarray, other: np.ndarray, a: float, b: float
):
    ours = correlations(one, other)
    for cell in range(3):
        x, y = one[:, cell].astype(float), other[:, cell].astype(float)
        if np.ptp(x) == 0 or np.ptp(y) == 0:
            assert np.isnan(ours[cell])
        else:
            assert ours[cell] == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-9)
    moved = correlations(a * one.astype(float) + b, other)
    np.testing.assert_allclose(moved, ours, atol=1e-6, equal_nan=True)
