"""The memory that a run is said to need against the peak that it takes, of fresh processes with all their children."""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from varesearch.backends import backend_class
from varesearch.config.compose import compose
from varesearch.network import estimate
from varesearch.preflight import expected_need

SPIKES = ["recording=spikes", "analysis.warmup_ms=0"]
SAMPLES = ["connectivity.n=20000", "connectivity.p=0.0002", "simulation.duration_ms=500"]
SYNAPSES = ["connectivity.n=4000", "connectivity.p=0.2", "simulation.duration_ms=100", *SPIKES]
MANY_WEIGHTS = [*SYNAPSES, "connectivity.weight_exc={distribution: lognormal, mean: 0.01, std: 0.01}"]
INPUT = [
    "connectivity.n=2000",
    "connectivity.p=0.001",
    "stimulus=background_poisson",
    "stimulus.rate_hz=900",
    "simulation.duration_ms=3000",
    *SPIKES,
]
SIGNALS = ["connectivity.n=8000", "connectivity.p=0.0005", "simulation.duration_ms=500"]
SIGNALS += ["recording.signals=[v,u,isyn_exc,isyn_inh]"]
CELLS = ["connectivity.n=100000", "connectivity.p=0.000002", "simulation.duration_ms=50", "recording=spikes"]
CELLS += ["analysis.warmup_ms=0", "analysis.fano_window_ms=10"]
OUTPUT = ["connectivity.n=5000", "connectivity.p=0.0001", "cell.i_offset=40", "simulation.duration_ms=3000", *SPIKES]
CURRENTS = ["cell=if_curr_exp", "connectivity.n=4000", "connectivity.p=0.0001", "simulation.duration_ms=2000", *SPIKES]
CURRENTS += ["stimulus=noisy_current", "stimulus.std=0.0001"]
COUNTS = ["connectivity.n=1000", "connectivity.p=0.001", "stimulus=background_poisson", "stimulus.rate_hz=3000"]
COUNTS += ["stimulus.weight=0.001", "simulation.duration_ms=1000", *SPIKES]
DIFFERENT = ["cell=if_curr_exp", "connectivity.n=200000", "connectivity.p=0.000001", "simulation.duration_ms=50"]
DIFFERENT += ["cell.tau_m={distribution: uniform, low: 10, high: 20}", "recording=spikes", "analysis.warmup_ms=0"]
DIFFERENT += ["cell.v_thresh={distribution: uniform, low: -52, high: -50}", "analysis.fano_window_ms=10"]
LARGE = ["cell=if_curr_exp", "connectivity=fixed_in_degree", "connectivity.n=10000", "connectivity.in_degree_exc=4000"]
LARGE += ["connectivity.in_degree_inh=1000", "simulation.duration_ms=20", "stimulus=none", *SPIKES]
LARGE += ["analysis.fano_window_ms=5", "analysis.rate_bin_ms=5", "analysis.correlation_bin_ms=5"]
"""50,000,000 synapses."""
CPP = "backend.codegen=cpp_standalone"


NEST_SHAPES = (SAMPLES, SIGNALS, SYNAPSES, INPUT, CELLS, OUTPUT, CURRENTS, COUNTS, LARGE)


def peak_bytes(root: Path, words: list[str]) -> float:
    """The most that a run and its children hold together, looked at 50 times a second, or it alone by the kernel."""
    return peak_of([sys.executable, "-m", "varesearch", *words], root)


def peak_of(command: list[str], root: Path) -> float:
    """The same of any command."""
    # A cache of its own: what Cython takes in a first run stays with the process, and the estimate includes it.
    environment = {**os.environ, "VARESEARCH_ROOT": str(root), "XDG_CACHE_HOME": str(root / "cache")}
    peak = 0
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        run = psutil.Process(process.pid)
        while process.poll() is None:
            with suppress(psutil.Error, OSError):
                alone = [one for one in Path(f"/proc/{run.pid}/status").read_text().splitlines() if "VmHWM" in one]
                peak = max([peak, *(int(line.split()[1]) * 1024 for line in alone)])
                together = run.memory_info().rss
                for child in run.children(recursive=True):
                    # Between fork and exec a child shares all pages of the run, which must not count twice.
                    with suppress(psutil.Error):
                        together += child.memory_full_info().uss
                peak = max(peak, together)
            time.sleep(0.02)
        assert process.stderr is not None
        assert process.returncode == 0, process.stderr.read().decode()
    return peak


def fired(root: Path) -> float:
    """The spikes of the cells, which nobody knows before the run."""
    with closing(sqlite3.connect(root / "mlruns" / "mlflow.db")) as store:
        query = "SELECT sum(value) FROM latest_metrics WHERE key LIKE '%.spike_count' AND key NOT LIKE 'source.%'"
        return store.execute(query).fetchone()[0]


def hold(root: Path, words: list[str]) -> None:
    """Estimate and measured peak are within 20 % of each other."""
    measured = peak_bytes(root, words)
    config = compose(words).config
    size = replace(estimate(config), spikes=fired(root))
    said = expected_need(backend_class(type(config.backend)).memory(config), size).total
    assert said == pytest.approx(measured, rel=0.2), (round(said / 1e6), round(measured / 1e6))


def test_many_samples(tmp_path: Path) -> None:
    hold(tmp_path, SAMPLES)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "words",
    [
        SYNAPSES,
        SIGNALS,
        [*SIGNALS, "recording.populations=[inh]"],
        MANY_WEIGHTS,
        INPUT,
        CELLS,
        OUTPUT,
        CURRENTS,
        COUNTS,
        DIFFERENT,
        LARGE,
        [*SAMPLES, CPP],
        [*MANY_WEIGHTS, CPP],
        [*INPUT, CPP],
        [*SAMPLES, "backend.codegen=cython"],
        *([*shape, "backend=nest"] for shape in NEST_SHAPES),
        ["backend=spinnaker", "connectivity.n=2000", "connectivity.p=0.01", "simulation.duration_ms=300"],
        ["backend=spinnaker", "connectivity.n=2000", "connectivity.p=0.1", "simulation.duration_ms=100", *SPIKES],
    ],
)
def test_every_back_end_at_every_shape(words: list[str], tmp_path: Path) -> None:
    hold(tmp_path, words)


BASELINES = Path(__file__).parents[1] / "benchmarks" / "baselines"


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("native", "words"),
    [("large_nest.py", ["backend=nest", "backend.threads=2"]), ("large_brian2.py", ["backend=brian2"])],
    ids=["nest", "brian2"],
)
def test_a_large_network_takes_little_more_than_its_simulator(native: str, words: list[str], tmp_path: Path) -> None:
    """50,000,000 synapses: at most 1.25 times the peak of a script that uses the simulator alone."""
    alone = peak_of([sys.executable, str(BASELINES / native)], tmp_path)
    assert peak_bytes(tmp_path, [*LARGE, *words]) <= 1.25 * alone
