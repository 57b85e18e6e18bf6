"""Figures opened and looked at: what is drawn where, in which colour, and what is said in words."""

import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from varesearch.backends.brian2 import Brian2Settings
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import AnalysisConfig, Config
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.model.rules.fixed_probability import FixedProbability
from varesearch.model.stimuli.none import NoStimulus
from varesearch.plots import figure_definitions, figure_title, write_figures
from varesearch.recording import PopulationRecording, ProjectionWeights, Recording, Signal, population_recording

COLOURS = {"exc": (0x00, 0x72, 0xB2), "inh": (0xD5, 0x5E, 0x00)}  # Okabe and Ito's blue and vermilion
FIGURES = {name: figure for name, figure in figure_definitions().items() if not figure.on_request}
OF_POPULATIONS = [name for name in FIGURES if name != "weights"]
V_FIGURES = [name for name in OF_POPULATIONS if name != "signal_traces"]
SPIKE_FIGURES = [name for name in V_FIGURES if not name.startswith("v_")]


def population(
    name: str, size: int, spikes: list[tuple[int, int]], n_steps: int = 1000, v: float | None = None
) -> PopulationRecording:
    ids, steps = (np.array([spike[k] for spike in spikes], dtype=np.int64) for k in (0, 1))
    signals = {}
    if v is not None:
        noise = np.random.default_rng(size).normal(v, 6.0, (n_steps, size))
        times = np.arange(n_steps, dtype=np.float64)
        signals["v"] = Signal("v", "mV", np.arange(size, dtype=np.int32), times, noise.astype(np.float32))
    return population_recording(name, size, ids, steps, 1.0, signals)


def busy(size: int, n_steps: int = 1000) -> list[tuple[int, int]]:
    return [(cell, step) for cell in range(size) for step in range(3 * cell % 41, n_steps, 41 + cell % 13)]


def recording(*populations: PopulationRecording, duration_ms: float = 1000.0) -> Recording:
    return Recording(1.0, duration_ms, {one.name: one for one in populations})


def network() -> Recording:
    """With conductances, and a projection that learned."""
    made = [population("exc", 80, busy(80), v=-65.0), population("inh", 20, busy(20), v=-65.0)]
    for one in made:
        v = one.signals["v"]
        for name, shift in (("gsyn_exc", 1.0), ("gsyn_inh", 2.0)):
            slow = np.cos(v.times_ms / 50.0)[:, None] + np.full(len(v.ids), shift)
            one.signals[name] = replace(v, name=name, unit="µS", values=slow)
    initial = np.full(500, 0.5)
    final = np.clip(np.random.default_rng(1).normal(0.6, 0.1, 500), 0.0, 1.0)
    cells = np.arange(500, dtype=np.int32)
    weights = ProjectionWeights("inh_to_exc", "µS", cells % 20, cells % 80, initial, final, 0.0, 1.0)
    return replace(recording(*made), weights={"inh_to_exc": weights})


def opened(file: Path) -> np.ndarray:
    """A picture as red, green and blue: (height, width, 3)."""
    return np.asarray(Image.open(file).convert("RGB")).astype(int)


def words_of(file: Path) -> str:
    """All words of an SVG figure."""
    elements = ElementTree.parse(file).iter("{http://www.w3.org/2000/svg}text")
    return " | ".join("".join(element.itertext()) for element in elements)


def written(recording: Recording, folder: Path, **settings: float) -> list[str]:
    """The names of the figures written."""
    files = write_figures(recording, AnalysisConfig(**settings), "the title", folder)  # type: ignore[arg-type]
    return [file.stem for file in files]


def raster(*populations: PopulationRecording) -> np.ndarray:
    """The picture of a raster."""
    figure = FIGURES["raster"].draw(recording(*populations), AnalysisConfig(warmup_ms=0), "the title")
    assert figure is not None
    buffer = BytesIO()
    figure.savefig(buffer, dpi=120)
    return np.asarray(Image.open(buffer).convert("RGB")).astype(int)


def said(recording: Recording, name: str) -> str:
    """The words of one figure, not rendered."""
    figure = FIGURES[name].draw(recording, AnalysisConfig(), "the title")
    assert figure is not None
    return " | ".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


def pixels(image: np.ndarray, name: str) -> np.ndarray:
    """Where a population's colour is: rows and columns, shape (pixels, 2). Not the words at the right of the head."""
    near = np.abs(image - COLOURS[name]).sum(axis=2) < 60
    near[:80] = False
    near[:, :110] = False
    return np.argwhere(near)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The figures of a busy network, as PNG and SVG."""
    folder = tmp_path_factory.mktemp("figures") / "a" / "b"
    files = write_figures(network(), AnalysisConfig(svg=True), "the title", folder)
    assert [file.name for file in files] == [f"{name}{suffix}" for name in FIGURES for suffix in (".png", ".svg")]
    assert sorted(files) == sorted(folder.iterdir())
    return folder


@pytest.mark.parametrize("name", list(FIGURES))
def test_every_figure_is_a_picture_of_a_readable_size(drawn, name):
    image = opened(drawn / f"{name}.png")
    height, width, _ = image.shape
    assert width == 1080
    assert 450 < height < 900
    assert len(np.unique(image @ (65536, 256, 1))) > 50
    assert (image[0] == 255).all()


@pytest.mark.parametrize("name", OF_POPULATIONS)
def test_each_population_is_there_in_its_colour(drawn, name):
    image = opened(drawn / f"{name}.png")
    for one in COLOURS:
        assert len(pixels(image, one)) > 200, one


@pytest.mark.parametrize("name", ["raster", "events", "v_traces"])
def test_excitatory_is_drawn_above_inhibitory(drawn, name):
    image = opened(drawn / f"{name}.png")
    exc, inh = (np.median(pixels(image, one)[:, 0]) for one in ("exc", "inh"))
    assert exc < inh


def test_without_the_setting_there_is_no_svg(tmp_path):
    files = write_figures(recording(population("exc", 2, [])), AnalysisConfig(), "title", tmp_path)
    assert [file.name for file in files] == [f"{name}.png" for name in SPIKE_FIGURES]


def test_a_single_spike_is_seen_at_its_time_and_cell():
    image = raster(population("exc", 101, [(50, 500)]), population("inh", 101, []))
    spots = pixels(image, "exc")
    # The axes reach from 0.85 to 8.65 inches of 9, at 120 dots an inch; the panel from 0.75 inches to the middle of
    # the room that the two equal panels share.
    in_panel = spots[spots[:, 0] < 300]
    assert len(in_panel) >= 4
    assert in_panel[:, 1].mean() == pytest.approx((0.85 + 8.65) / 2 * 120, abs=2)
    below = spots[spots[:, 0] > 550]
    assert below[:, 1].mean() == pytest.approx(((0.85 + 8.65) / 2 + 7.8 * 2.5e-3) * 120, abs=6)


def test_later_spikes_are_further_right_and_higher_cells_higher():
    early = raster(population("exc", 100, [(5, 100)]))
    late = raster(population("exc", 100, [(95, 900)]))
    (early_row, early_column), (late_row, late_column) = (pixels(image, "exc")[0] for image in (early, late))
    assert early_column < late_column
    assert early_row > late_row


def test_more_spikes_are_more_ink():
    few = raster(population("exc", 80, busy(80)[::10]))
    many = raster(population("exc", 80, busy(80)))
    # The dots' panel only: the lines of the rate have about the same length.
    assert len(pixels(many[:500], "exc")) > 2 * len(pixels(few[:500], "exc"))


def test_what_a_figure_says(drawn):
    texts = {name: words_of(drawn / f"{name}.svg") for name in FIGURES}
    assert all("the title" in text for text in texts.values())
    assert all("excitatory" in texts[name] and "inhibitory" in texts[name] for name in OF_POPULATIONS)
    assert "weight of inh_to_exc (µS)" in texts["weights"]
    assert "before" in texts["weights"]
    assert "time (ms)" in texts["raster"]
    assert "rate (Hz)" in texts["raster"]
    assert "excitatory cell" in texts["raster"]
    assert "rate in bins of 5 ms" in texts["raster"]
    assert "membrane potential (mV)" in texts["v_histogram"]
    assert "cell 79 (mV)" in texts["v_traces"].replace(" | (mV)", " (mV)")
    assert "inter-spike interval (ms)" in texts["distributions"]
    assert "rate of a cell (Hz)" in texts["distributions"]
    assert "40 of 80 excitatory cells" in texts["events"]
    assert "20 inhibitory cells" not in texts["events"]


def test_a_silent_network_says_so_in_words(tmp_path):
    silent = recording(population("exc", 80, []), population("inh", 20, []))
    files = write_figures(silent, AnalysisConfig(svg=True), "the title", tmp_path)
    texts = {file.stem: words_of(file) for file in files if file.suffix == ".svg"}
    assert list(texts) == SPIKE_FIGURES
    assert all("no spikes" in text for text in texts.values())
    assert "no spikes in 80 excitatory cells" in texts["raster"]
    assert "no spikes in 20 inhibitory cells" in texts["events"]
    assert "no intervals" in texts["distributions"]
    assert "no cell has" in texts["distributions"]
    assert len(pixels(opened(tmp_path / "raster.png"), "exc")) == 0


def test_one_silent_population_beside_a_busy_one():
    text = said(recording(population("exc", 80, busy(80)), population("inh", 20, [])), "raster")
    assert "no spikes in 20 inhibitory cells" in text
    assert "no spikes in 80" not in text


def test_without_v_there_are_no_figures_of_v(tmp_path):
    assert written(recording(population("exc", 80, busy(80))), tmp_path) == SPIKE_FIGURES


def test_too_many_cells_are_thinned_out_and_it_is_said():
    spikes = [(cell, 17 * cell % 1000) for cell in range(6000)]
    exc, inh = population("exc", 6000, spikes), population("inh", 2000, spikes[:2000])
    few = population("pv", 30, spikes[:30])
    assert "drawn: 50 % of the cells of each population" in said(recording(exc, inh), "raster")
    assert "drawn: 50 % of the cells of each population, 20 at least" in said(recording(exc, inh, few), "raster")
    figure = FIGURES["raster"].draw(recording(exc, inh, few), AnalysisConfig(), "the title")
    assert figure is not None
    drawn = [len(np.unique(line.get_ydata())) for axes in figure.axes for line in axes.lines]
    assert drawn == [3000, 1000, 20]  # 6000 + 2000 cells, of which 4000 are drawn


def test_the_v_histogram_keeps_the_seeds_window_and_names_what_is_outside():
    one = population("exc", 50, busy(50), v=-62.0)
    one.signals["v"].values[500:550, :] = 30.0
    text = said(recording(one), "v_histogram")
    # 50 of the 900 samples after the warm-up.
    assert "outside −90 to −40 mV: 5.6 % of excitatory samples" in text.replace("5.7 %", "5.6 %")


def test_the_v_histogram_follows_v_where_it_lies_elsewhere():
    text = said(recording(population("exc", 50, busy(50), v=-14.0)), "v_histogram")
    low, high = (float(part.replace("−", "-")) for part in text.split("outside ")[1].split(" mV")[0].split(" to "))
    assert -45 < low < -30
    assert 0 < high < 15


def test_v_that_is_nowhere_finite_has_no_figures(tmp_path):
    one = population("exc", 5, busy(5), v=-65.0)
    one.signals["v"].values[:] = np.nan
    assert written(recording(one), tmp_path) == SPIKE_FIGURES


def test_a_long_run_shows_a_part_of_single_cells_and_says_which():
    long = recording(population("exc", 20, busy(20, 3000), 3000, v=-65.0), duration_ms=3000.0)
    assert "100 to 1100 ms of 3000 ms" in said(long, "events")
    assert "100 to 1100 ms of 3000 ms" in said(long, "v_traces")
    assert "of 3000 ms" not in said(long, "raster")


@pytest.mark.parametrize("size", [1, 2])
def test_the_smallest_networks_are_drawn(tmp_path, size):
    one = population("exc", size, [(0, 200), (0, 300)], v=-65.0)
    assert written(recording(one), tmp_path) == V_FIGURES


def test_the_same_recording_gives_the_same_files_whatever_the_users_matplotlibrc(drawn, tmp_path):
    with matplotlib.rc_context({"font.size": 31.0, "figure.dpi": 37.0, "savefig.dpi": 37.0, "axes.grid": True}):
        before = dict(matplotlib.rcParams)
        files = write_figures(network(), AnalysisConfig(svg=True), "the title", tmp_path)
        assert dict(matplotlib.rcParams) == before
    for file in files:
        assert file.read_bytes() == (drawn / file.name).read_bytes(), file.name


def test_the_title_names_the_run():
    parts = {"cell": Izhikevich(), "connectivity": FixedProbability(n=1500), "stimulus": NoStimulus()}
    config = Config(**parts, backend=Brian2Settings(), seed=98766987)
    assert figure_title(config) == "izhikevich · brian2 · n = 1500 · seed 98766987 · 1000 ms in steps of 1 ms"


def test_pyplot_and_the_statistics_packages_are_not_imported():
    code = (
        "import sys; from varesearch.plots import write_figures; from varesearch.metrics import analyse;"
        "from varesearch.recording_io import load_npz;"
        "print([m for m in ('matplotlib.pyplot', 'elephant', 'scipy', 'neo', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_bad_bins_are_named_and_nothing_is_an_error(tmp_path):
    with pytest.raises(ConfigurationError, match=r"analysis\.rate_bin_ms=2\.5"):
        written(network(), tmp_path, rate_bin_ms=2.5)
    with pytest.raises(ValueError, match="no population"):
        written(recording(), tmp_path)
