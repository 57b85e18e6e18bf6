"""The memory of the metrics does not grow with pairs of cells, of which large populations have billions."""

import tracemalloc

import numpy as np

from varesearch.config.compose import compose
from varesearch.metrics import analyse
from varesearch.recording import PopulationRecording, Recording, population_recording

CELLS, STEPS, DT_MS, RATE_HZ = 10_000, 20_000, 0.1, 5.0


def poisson(name: str, rng: np.random.Generator) -> PopulationRecording:
    """Independent cells that fire at the same mean rate."""
    expected = CELLS * RATE_HZ * STEPS * DT_MS / 1000.0
    steps, cells = np.divmod(np.unique(rng.integers(0, STEPS * CELLS, rng.poisson(expected))), CELLS)
    return population_recording(name, CELLS, cells, steps, DT_MS)


def test_eighty_thousand_cells_in_eight_populations() -> None:
    """Correlations of all pairs of one population alone would be 800 MB."""
    rng = np.random.default_rng(1)
    recording = Recording(DT_MS, STEPS * DT_MS, {name: poisson(name, rng) for name in "ABCDEFGH"})
    config = compose([f"simulation.duration_ms={STEPS * DT_MS:g}", f"simulation.dt_ms={DT_MS}"]).config
    spikes = sum(len(each.spike_ids) for each in recording.populations.values())
    tracemalloc.start()
    try:
        analysis = analyse(recording, config.analysis, config.seed, None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    found = {each.population: each.value for each in analysis.metrics if each.name == "correlation"}
    assert set(found) == set("ABCDEFGH") and all(abs(value) < 0.01 for value in found.values())
    assert peak < 86 * spikes
