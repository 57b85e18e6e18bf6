"""Metrics on request: which words there are, what is refused, and what a run without them does not pay for."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import AnalysisConfig
from varesearch.identity import identity, part_modules
from varesearch.metrics import analyse, metric_definitions, requests, statistics
from varesearch.metrics.metric import PopulationData, population_data
from varesearch.pages.help import help_page
from varesearch.preflight import ANALYSED_SPIKE, prepare
from varesearch.recording import Recording, population_recording

OWN = '''"""The spikes of the busiest cell."""
from varesearch.metrics.definitions import MetricDefinition

class Busiest(MetricDefinition):
    """The spikes of the busiest cell."""
    unit, what, how = "spikes", "spikes of the busiest cell", "the largest count"
    on_request = "extremes"

    @classmethod
    def compute(cls, data):
        return float(data.trains.counts.max())
'''


def recording(cells: int = 60, steps: int = 2000, seed: int = 1) -> Recording:
    fired = np.random.default_rng(seed).random((steps, cells)) < np.linspace(0.005, 0.05, cells)
    at, ids = np.nonzero(fired)
    return Recording(1.0, float(steps), {"exc": population_recording("exc", cells, ids, at, 1.0)})


def test_each_word_asks_for_its_metrics_and_for_no_others():
    one = recording()
    of_spikes = {name: it for name, it in metric_definitions().items() if it.applies(one.populations["exc"])}
    always = {name for name, metric in of_spikes.items() if not metric.on_request}
    for word, names in requests().items():
        found = analyse(one, AnalysisConfig(further=[word]), seed=1)
        computed = {it.name for it in found.metrics} | {it.metric for it in found.undefined}
        assert computed == always | set(names), word


def test_percentiles_are_those_of_the_distribution():
    one = recording()
    settings = AnalysisConfig(warmup_ms=0.0, further=["percentiles"], correlation_pairs=10_000)
    values = analyse(one, settings, seed=1).values()
    data = population_data(one, one.populations["exc"], settings, 1)
    cv = statistics.cv_isi(data.trains, settings.min_isis)
    pairs = statistics.pair_correlations(data.binned("correlation_bin_ms"), 10_000, data.pair_rng())
    assert len(pairs) == 60 * 59 // 2
    for percent in (5, 25, 50, 75, 95):
        for name, sample in (("cv_isi", cv), ("correlation", pairs), ("rate", data.rates_hz)):
            key = f"exc.{name}_p{percent:02d}" + ("_hz" if name == "rate" else "")
            assert values[key] == pytest.approx(np.percentile(sample, percent)), key


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["analysis.further=[spectrm]"], "analysis.further=[spectrm] holds spectrm, which is unknown; choose from "),
        (["analysis.further=[spectrum,spectrum]"], "names spectrum twice"),
        (
            ["analysis.further=[spectrum]", "analysis.spectrum_bin_ms=1.5"],
            "analysis.spectrum_bin_ms=1.5 must be",
        ),
        (
            ["analysis.further=[spectrum]", "analysis.spectrum_window_ms=2000"],
            "analysis.spectrum_window_ms=2000 must be at most simulation.duration_ms=1000",
        ),
        (
            ["analysis.further=[autocorrelation]", "analysis.autocorrelation_ms=1e5"],
            "analysis.autocorrelation_ms=100000 must be at most simulation.duration_ms=1000",
        ),
        (["analysis.further=[avalanches]", "analysis.avalanche_bin_ms=0.5"], "analysis.avalanche_bin_ms=0.5 must be"),
    ],
)
def test_what_cannot_be_computed_is_refused_in_one_line_before_anything_is_drawn(words, message):
    with pytest.raises(ConfigurationError) as refused:
        prepare(compose(words).config)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_settings_of_metrics_that_nobody_asks_for_do_not_matter():
    prepare(compose(["analysis.spectrum_bin_ms=1.5", "analysis.autocorrelation_ms=1e5"]).config)


def test_a_package_that_is_not_installed_is_named_with_its_extra(monkeypatch):
    composed = compose(["analysis.further=[distances]"])
    prepare(composed.config)
    monkeypatch.setitem(sys.modules, "pyspike", None)
    with pytest.raises(ConfigurationError, match=r"further=\[distances\] needs a package .* 'varesearch\[pyspike\]'"):
        prepare(composed.config)


def test_a_users_metric_is_asked_for_by_its_word(tmp_path: Path):
    (tmp_path / "busiest.py").write_text(OWN)
    composed = compose(["analysis.further=[extremes]"], tmp_path)
    prepare(composed.config, tmp_path)
    with pytest.raises(ConfigurationError, match="holds extremes, which is unknown"):
        prepare(composed.config)
    one = recording()
    found = analyse(one, composed.config.analysis, 1, tmp_path).values()
    ids = one.populations["exc"].spike_ids[one.populations["exc"].spike_times_ms >= 100]
    assert found["exc.busiest"] == np.bincount(ids).max()
    assert "only with analysis.further=[extremes]\n  busiest spikes" in help_page(["metrics"], tmp_path)


def test_help_lists_every_metric_under_its_word():
    page = help_page(["metrics"])
    always, *asked = page.split("only with analysis.further=")
    assert "rate_hz" in always and "spectrum_peak_hz" not in always
    assert {part.partition("]")[0].removeprefix("[") for part in asked} == set(requests())
    for part in asked:
        assert all(name in part for name in requests()[part.partition("]")[0].removeprefix("[")])


def test_the_code_of_a_metric_counts_for_those_who_ask_for_it():
    plain, asked = (compose(words) for words in ([], ["analysis.further=[distances]"]))
    modules = {name.rpartition(".")[2] for name in part_modules(plain.config, None)}
    assert "rate_hz" in modules and "isi_distance" not in modules
    assert "isi_distance" in {name.rpartition(".")[2] for name in part_modules(asked.config, None)}
    assert identity(plain) != identity(asked)


def test_the_default_analysis_imports_no_library_of_the_others():
    code = (
        "import sys, numpy as np\n"
        "from varesearch.config.schema import AnalysisConfig\n"
        "from varesearch.metrics import analyse\n"
        "from varesearch.recording import Recording, population_recording\n"
        "one = population_recording('exc', 5, np.arange(900) % 5, np.arange(900), 1.0)\n"
        "for further in [], ['spectrum']:\n"
        "    analyse(Recording(1.0, 900.0, {'exc': one}), AnalysisConfig(further=further), 1)\n"
        "    print([name for name in ('scipy', 'pyspike', 'elephant', 'matplotlib') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "['scipy']"]


def test_a_step_that_several_metrics_share_is_computed_once():
    one, calls = recording(), []

    def size(data: PopulationData) -> int:
        calls.append(1)
        return data.trains.size

    data = population_data(one, one.populations["exc"], AnalysisConfig(), 1)
    assert [data.once(size), data.once(size)] == [60, 60]
    assert len(calls) == 1
    assert population_data(one, one.populations["exc"], AnalysisConfig(), 1).once(size) == 60
    assert len(calls) == 2


def test_a_spike_takes_no_more_memory_in_the_analysis_than_the_check_before_a_run_expects():
    # A fifteenth of 80,000 cells at 5 Hz for 10 s.
    rng, cells, steps = np.random.default_rng(1), 5000, 100_000
    keys = np.unique(rng.integers(0, cells * steps, 250_000))
    ids, at = np.divmod(keys, steps)
    large = Recording(0.1, 10_000.0, {"all": population_recording("all", cells, ids, at, 0.1)})
    small = recording()
    peaks = []
    for one in (small, small, large):  # libraries are imported the first time
        tracemalloc.start()
        analyse(one, AnalysisConfig(further=list(requests())), seed=1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    more = len(keys) - len(small.populations["exc"].spike_ids)
    recorded = 12
    assert (peaks[2] - peaks[1]) / more + recorded < ANALYSED_SPIKE
