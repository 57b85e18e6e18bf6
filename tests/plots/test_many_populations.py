"""Eight populations and their input in every figure: colours that differ for every eye, rows that name themselves."""

import itertools
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import rc_context
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from overprinting import overprinted
from varesearch.config.schema import AnalysisConfig
from varesearch.metrics import requests
from varesearch.plots import figure_definitions, style, write_figures
from varesearch.plots.colours import colours_of, population_colours, source_colours
from varesearch.plots.rows import heights
from varesearch.recording import PopulationRecording, Recording, Signal, population_recording, sampled_ids

LAYERS = {"L23E": 413, "L23I": 116, "L4E": 438, "L4I": 109, "L5E": 97, "L5I": 21, "L6E": 287, "L6I": 58}
FIGURES = {name: figure for name, figure in figure_definitions().items() if name != "weights"}  # no synapse learns here
REQUESTS = [figure.on_request for figure in FIGURES.values() if figure.on_request]


def group(name: str, size: int, rate_hz: float, receptor: str = "", steps: int = 600, v: bool = False):
    rng = np.random.default_rng(size)
    at, ids = np.nonzero(rng.random((steps, size)) < rate_hz * 1e-3)
    signals = {}
    if v:
        cells = sampled_ids(size, 3)
        values = rng.normal(-60, 5, (steps, len(cells))).astype(np.float32)
        for key in ("v", "u"):
            signals[key] = Signal(key, "mV", cells, np.arange(steps, dtype=np.float64), values)
        signals["u"] = replace(signals["v"], name="u", unit="mV/ms", values=np.cumsum(values + 60.0, axis=0))
    return replace(population_recording(name, size, ids, at, 1.0, signals), receptor=receptor)


def layers(silent: tuple[str, ...] = (), v: bool = True) -> dict[str, PopulationRecording]:
    return {
        name: group(name, size, 0.0 if name in silent else 20.0, "excitatory" if name[-1] == "E" else "inhibitory", v=v)
        for name, size in LAYERS.items()
    }


def columns(silent: tuple[str, ...] = ()) -> Recording:
    return Recording(1.0, 600.0, layers(silent), {"thalamus": group("thalamus", 90, 0.0 if silent else 30.0)})


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    write_figures(columns(), AnalysisConfig(svg=True, further=REQUESTS), "the title", folder)
    return folder


def near(picture: np.ndarray, colour: str) -> np.ndarray:
    """The rows of the pixels of a colour, right of the names."""
    wanted = np.array(to_rgb(colour)) * 255
    return np.argwhere(np.abs(picture[:, 110:] - wanted).sum(axis=2) < 40)[:, 0]


@pytest.mark.parametrize("name", list(FIGURES))
def test_each_population_has_its_colour_and_its_name_and_they_stand_in_order(drawn, name):
    picture = np.asarray(Image.open(drawn / f"{name}.png").convert("RGB")).astype(int)[130:]
    middles = []
    for population, colour in colours_of(layers()).items():
        rows = near(picture, colour)
        assert len(rows) > 30, population
        middles.append(rows.min())
    assert middles == sorted(middles)
    assert 500 < len(picture) < 1300
    elements = ElementTree.parse(drawn / f"{name}.svg").iter("{http://www.w3.org/2000/svg}text")
    said = ["".join(element.itertext()) for element in elements]
    assert set(LAYERS) <= set(said)


def few(*names: str) -> Recording:
    return Recording(1.0, 600.0, {name: group(name, 80, 20.0 + 9 * len(name), v=True) for name in names})


@pytest.mark.parametrize("of", [columns(), few("exc", "inh"), few("pyr", "pv", "sst")], ids=["8", "2", "3"])
@pytest.mark.parametrize("name", list(FIGURES))
def test_no_text_lies_over_another_or_beyond_the_page(of, name):
    with rc_context(style.RC):
        figure = FIGURES[name].draw(of, AnalysisConfig(further=REQUESTS), "the title " * 30)
        assert figure is not None
        assert overprinted(figure) == []
        assert {style.population_label(each) for each in of.populations} <= {
            name for text in words(figure) for name in (text, text.removesuffix(" cell"))
        }


def test_the_names_of_a_few_populations_stand_in_their_order():
    """Column by column, the columns from left to right."""
    for count in range(1, 5):
        names = [f"p{k}" for k in range(count)]
        with rc_context(style.RC):
            figure = style.page("heading", "title", population_colours(names), 4.0)
        places = {text.get_text(): text.get_position() for text in figure.texts if text.get_text() in names}
        assert sorted(names, key=lambda name: (places[name][0], -places[name][1])) == names


def test_figures_on_request_are_written_only_if_asked_for(tmp_path: Path):
    one = few("exc", "inh")
    always = [name for name, figure in FIGURES.items() if not figure.on_request]
    assert [file.stem for file in write_figures(one, AnalysisConfig(), "", tmp_path)] == always
    asked = write_figures(one, AnalysisConfig(further=["autocorrelation"]), "", tmp_path / "more")
    assert [file.stem for file in asked] == [*always, "autocorrelation"]
    assert set(REQUESTS) <= set(requests())  # what no metric is asked for by is refused before the run


def test_figures_on_request_say_why_there_is_nothing_to_draw():
    silent = columns(silent=("L5I", "L6E"))
    for name, reason in {
        "spectrum": "the rate of the population does not vary",
        "autocorrelation": "the spike counts of no cell vary",
        "avalanches": "fewer than two spikes have no mean interval, which is the bin of avalanches",
    }.items():
        figure = FIGURES[name].draw(silent, AnalysisConfig(), "the title")
        assert figure is not None
        assert words(figure).count(reason) in (2, 4), name


def test_the_spectrum_names_its_peak_and_the_autocorrelation_shows_both_kinds():
    """40 clocks of 25 ms, each with a phase of its own up to 4 ms: 40 Hz in the rate, 25 ms in every train."""
    at = np.random.default_rng(1).integers(0, 4, 40)[:, None] + np.arange(0, 600, 25)
    clocks = population_recording("e", 40, np.repeat(np.arange(40), at.shape[1]), at.ravel(), 1.0)
    one = Recording(1.0, 604.0, {"e": clocks})
    settings = AnalysisConfig(spectrum_window_ms=200.0, spectrum_bin_ms=5.0)
    spectrum = FIGURES["spectrum"].draw(one, settings, "")
    assert spectrum is not None and any(word.endswith(" Hz") for word in words(spectrum))
    autocorrelation = FIGURES["autocorrelation"].draw(one, AnalysisConfig(), "")
    assert autocorrelation is not None
    for axes in autocorrelation.axes:
        line = max(axes.lines, key=lambda line: len(np.asarray(line.get_xdata())))
        lags, values = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        assert lags[np.argmax(values)] % 25 == 0


def test_input_is_drawn_below_the_cells_in_its_own_colour_and_named(drawn):
    picture = np.asarray(Image.open(drawn / "raster.png").convert("RGB")).astype(int)
    grey, last = near(picture, source_colours(["thalamus"])["thalamus"]), near(picture, colours_of(layers())["L6I"])
    raster_end = 700
    assert len(grey[grey < raster_end]) > 200
    assert np.median(grey[grey < raster_end]) > np.median(last[last < raster_end])
    figure = FIGURES["raster"].draw(columns(), AnalysisConfig(), "the title")
    assert figure is not None
    assert {"thalamus", "90 inputs", "thalamus (input)"} <= set(words(figure))


def test_input_beside_the_pair_has_a_row_and_a_rate_of_its_own():
    exc, inh, thalamus = group("exc", 80, 20.0), group("inh", 20, 20.0), group("thalamus", 20, 900.0)
    one = Recording(1.0, 600.0, {"exc": exc, "inh": inh}, {"thalamus": thalamus})
    figure = FIGURES["raster"].draw(one, AnalysisConfig(), "the title")
    assert figure is not None
    assert {"excitatory cell", "inhibitory cell", "thalamus", "20 inputs", "rate (Hz)", "input (Hz)"} <= set(
        words(figure)
    )
    ends = {axes.get_ylabel(): axes.get_ylim()[1] for axes in figure.axes}
    assert ends["rate (Hz)"] < 200 < ends["input (Hz)"]  # 900 Hz of input do not press the cells' 20 Hz flat


def test_several_spikes_of_an_input_in_one_step_are_drawn():
    many = population_recording("poisson", 2, np.array([0, 0, 0, 1]), np.array([5, 5, 9, 5]), 1.0)
    figure = FIGURES["raster"].draw(
        Recording(1.0, 600.0, {"exc": group("exc", 9, 9.0)}, {"poisson": many}), AnalysisConfig(), ""
    )
    assert figure is not None
    assert "poisson" in words(figure)


def test_silent_populations_and_silent_input_say_so():
    silent = columns(silent=("L5I", "L6E"))
    for name in ("raster", "events", "distributions"):
        figure = FIGURES[name].draw(silent, AnalysisConfig(), "the title")
        assert figure is not None
        said = words(figure)
        assert sum("no spikes in 21 L5I cells" in text or text == "no intervals" for text in said) >= 1, name
    raster = FIGURES["raster"].draw(silent, AnalysisConfig(), "the title")
    assert raster is not None
    assert "no spikes in 90 thalamus inputs" in words(raster)
    assert words(raster).count("no spikes") == 3


def test_the_same_share_of_every_population_is_drawn():
    once = {name: np.arange(20 * size) for name, size in LAYERS.items()}
    large = {name: population_recording(name, len(ids), ids, ids % 200, 1.0) for name, ids in once.items()}
    figure = FIGURES["raster"].draw(Recording(1.0, 200.0, large), AnalysisConfig(warmup_ms=0), "")
    assert figure is not None
    fraction = 4000 / (20 * sum(LAYERS.values()))
    assert any(f"drawn: {100 * fraction:.2g} % of the cells of each population" in text for text in words(figure))
    drawn = [np.size(line.get_ydata()) for axes in figure.axes for line in axes.lines]
    assert drawn == [pytest.approx(fraction * one.size, rel=0.05) for one in large.values()]


# Colours without one kind of cones: Machado, Oliveira & Fernandes 2009, IEEE Trans. Vis. Comput. Graph. 15:1291.
EYES = {
    "all cones": np.eye(3),
    "no long": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no middle": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "no short": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def seen(colour: str, eye: str) -> np.ndarray:
    """The colour in CIE L*a*b*, as that eye sees it."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.asarray(EYES[eye]) @ linear, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    x, y, z = np.cbrt(xyz / np.array([0.95047, 1.0, 1.08883]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eye", list(EYES))
def test_eight_populations_and_the_paper_differ_for_every_eye(eye):
    colours = [*colours_of(layers()).values(), "#FFFFFF"]
    # A difference of 2.3 is just noticeable; 10 is seen at a glance (Sharma 2002, Digital Color Imaging Handbook).
    assert min(np.linalg.norm(seen(a, eye) - seen(b, eye)) for a, b in itertools.combinations(colours, 2)) > 15


def test_excitatory_is_cool_and_inhibitory_warm():
    for name, colour in colours_of(layers()).items():
        red, _, blue = to_rgb(colour)
        if colour not in ("#882255", "#CC79A7"):  # purples are both
            assert (blue > red) is (name[-1] == "E"), name


def test_colours_are_the_same_everywhere_and_never_shared():
    assert population_colours(["inh", "exc"]) == {"exc": "#0072B2", "inh": "#D55E00"}
    many = population_colours(["pv", "inh", "exc", "sst", "vip", "thalamus"])
    assert list(many) == ["pv", "inh", "exc", "sst", "vip", "thalamus"]
    assert (many["exc"], many["inh"]) == ("#0072B2", "#D55E00")
    assert len(set(many.values())) == 6


@given(
    st.lists(st.text("abcxyz", min_size=1, max_size=4), unique=True, max_size=24),
    st.data(),
)
def test_up_to_two_dozen_populations_never_share_a_colour(names, data):
    kinds = data.draw(
        st.fixed_dictionaries({name: st.sampled_from(["excitatory", "inhibitory", ""]) for name in names})
    )
    found = population_colours(names, kinds)
    assert len(set(found.values())) == len(names)
    assert population_colours(names, kinds) == found


@given(st.lists(st.floats(0.0, 1e3), min_size=1, max_size=12), st.floats(0.1, 10), st.floats(0.01, 1))
def test_rows_fill_the_room_and_none_is_too_low(weights, room, least):
    found = heights([weight + 1e-3 for weight in weights], room, least)
    assert min(found) >= least * (1 - 1e-9)
    assert sum(found) == pytest.approx(max(room, least * len(weights)))
