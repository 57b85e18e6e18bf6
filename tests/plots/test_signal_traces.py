"""The figure of recorded signals other than v: what it draws, for whom, and what it leaves out."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from varesearch.config.schema import AnalysisConfig
from varesearch.plots.definitions.signal_traces import MOST_PANELS, SignalTraces
from varesearch.recording import PopulationRecording, Recording, Signal, population_recording

NONE = np.empty(0, np.int32)
UNITS = {"v": "mV", "u": "mV/ms", "w": "nA", "gsyn_exc": "µS", "gsyn_inh": "µS", "isyn_exc": "nA", "isyn_inh": "nA"}


def population(name: str, *signals: str, cells: int = 5, steps: int = 300) -> PopulationRecording:
    rng = np.random.default_rng(len(name))
    ids, times = np.arange(0, 10 * cells, 10, dtype=np.int32), np.arange(steps, dtype=float)
    sampled = {key: Signal(key, UNITS[key], ids, times, rng.random((steps, cells))) for key in signals}
    return population_recording(name, 10 * cells, NONE, NONE, 1.0, sampled)


def drawn(*populations: PopulationRecording, duration_ms: float = 300.0) -> Figure:
    figure = SignalTraces.draw(
        Recording(1.0, duration_ms, {one.name: one for one in populations}), AnalysisConfig(), "the title"
    )
    assert figure is not None
    return figure


def panels(figure: Figure) -> list[tuple[str, str, int]]:
    """Axis label, cell, number of curves."""
    return [(axes.get_ylabel(), axes.texts[0].get_text(), len(axes.lines)) for axes in figure.axes]


def test_a_pair_shares_a_panel_and_each_population_shows_what_it_has():
    figure = drawn(
        population("e", "v", "gsyn_inh", "gsyn_exc"), population("i", "v", "u", "isyn_exc"), population("s", "v")
    )
    assert panels(figure) == [
        ("gsyn\n(µS)", "cell 0", 2),
        ("gsyn\n(µS)", "cell 40", 2),
        ("u\n(mV/ms)", "cell 0", 1),
        ("isyn_exc\n(nA)", "cell 0", 1),
        ("u\n(mV/ms)", "cell 40", 1),
        ("isyn_exc\n(nA)", "cell 40", 1),
    ]


def test_the_curves_are_the_samples_excitation_in_blue():
    one = population("pyramidal", "gsyn_inh", "gsyn_exc")
    axes = drawn(one).axes[1]
    for line, name, colour in zip(axes.lines, ("gsyn_exc", "gsyn_inh"), ("#0072b2", "#d55e00"), strict=True):
        assert to_hex(line.get_color()) == colour
        np.testing.assert_array_equal(line.get_xdata(), one.signals[name].times_ms)
        np.testing.assert_array_equal(line.get_ydata(), one.signals[name].values[:, 4])


def test_a_long_run_shows_a_part_and_says_which():
    figure = drawn(population("e", "w", steps=3000), duration_ms=3000.0)
    assert "100 to 1100 ms of 3000 ms" in " ".join(text.get_text() for text in figure.texts)
    assert len(figure.axes[0].lines[0].get_xdata()) == 1000  # type: ignore[arg-type]


@pytest.mark.parametrize(("count", "cells"), [(4, 2), (5, 1), (16, 1)])
def test_many_populations_show_fewer_cells(count: int, cells: int):
    figure = drawn(*(population(f"p{k}", "gsyn_exc", "gsyn_inh") for k in range(count)))
    assert len(figure.axes) == count * cells <= MOST_PANELS


def test_what_does_not_fit_is_said():
    figure = drawn(*(population(f"p{k}", "gsyn_exc", "u") for k in range(12)))
    assert len(figure.axes) == MOST_PANELS
    assert f"the first {MOST_PANELS} of 24 signals" in " ".join(text.get_text() for text in figure.texts)


def test_without_such_a_signal_or_a_finite_sample_there_is_no_figure():
    broken = population("e", "u")
    broken.signals["u"].values[:] = np.nan
    for one in (population("e", "v"), population("e", "u", steps=0), broken):
        assert SignalTraces.draw(Recording(1.0, 300.0, {"e": one}), AnalysisConfig(), "the title") is None
