"""The preset of Trensch et al. 2018 against an independent program of its equations, and the files it can read.

``program`` is written from the paper's equations and the description of its refined solver, in numpy, for lists of
synapses. Its network of its own (``own_network``) follows Izhikevich 2006: 100 different targets for each cell, delays
of 1 to 20 ms equally often among them.
"""

import re
import runpy
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from small_runs import sound_with

from varesearch.config.compose import compose
from varesearch.network import Network, draw
from varesearch.recording import Recording

N_EXC, N_INH = 800, 200
N = N_EXC + N_INH
FIRST = {"exc": 0, "inh": N_EXC}
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "presets.md"
IN_MV = 1 / 64
"""The charge in mV of a weight of 1 mV/ms, by the preset's time constant of the synapse."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Synapses:
    """Cells are numbered through both populations; weights in mV, negative for inhibition; delays in ms."""

    sources: Ints
    targets: Ints
    weights: Floats
    delays: Ints


def program(synapses: Synapses, inputs: Ints, parts: int = 16) -> tuple[Ints, Ints]:
    """Spike times in ms and cells. ``inputs[t]`` gets 20 mV in the t-th ms; -1: nobody does.

    Semi-implicit Euler, ``parts`` steps in a ms; the input of a ms is constant throughout it.
    """
    order = np.argsort(synapses.sources, kind="stable")
    targets, weights, delays = synapses.targets[order], synapses.weights[order], synapses.delays[order]
    begin = np.searchsorted(synapses.sources[order], np.arange(N + 1))
    excitatory = np.arange(N) < N_EXC
    a, d = np.where(excitatory, 0.02, 0.1), np.where(excitatory, 8.0, 2.0)
    v, u = np.full(N, -65.0), np.full(N, -13.0)
    slots = np.zeros((delays.max() + 1, N))
    times, cells = [], []
    for ms, stimulated in enumerate(inputs):
        current = slots[ms % len(slots)].copy()
        slots[ms % len(slots)] = 0.0
        if stimulated >= 0:
            current[stimulated] += 20.0
        fired = np.zeros(N, dtype=bool)
        for _ in range(parts):
            v = v + (0.04 * v + 5) * v / parts + (140 - u + current) / parts
            u = u + a * (0.2 * v - u) / parts
            over = v >= 30
            v[over], u[over] = -65.0, u[over] + d[over]
            fired |= over
        for cell in np.flatnonzero(fired):
            own = slice(begin[cell], begin[cell + 1])
            np.add.at(slots, ((ms + delays[own]) % len(slots), targets[own]), weights[own])
            times.append(ms)
            cells.append(cell)
    return np.array(times), np.array(cells)


def own_network(seed: int) -> Synapses:
    """The network before learning."""
    rng = np.random.default_rng(seed)
    targets, delays = [], []
    for cell in range(N):
        allowed = np.delete(np.arange(N), cell) if cell < N_EXC else np.arange(N_EXC)
        targets.append(rng.choice(allowed, 100, replace=False))
        delays.append(np.repeat(np.arange(1, 21), 5) if cell < N_EXC else np.ones(100, dtype=np.int64))
    sources = np.repeat(np.arange(N), 100)
    weights = np.where(sources < N_EXC, 6.0, -5.0)
    return Synapses(sources, np.concatenate(targets), weights, np.concatenate(delays))


def synapses_of(network: Network) -> Synapses:
    recurrent = [each for each in network.projections if each.pre in FIRST]
    signs = [1 if each.receptor == "excitatory" else -1 for each in recurrent]
    return Synapses(
        np.concatenate([each.sources + FIRST[each.pre] for each in recurrent]).astype(np.int64),
        np.concatenate([each.targets + FIRST[each.post] for each in recurrent]).astype(np.int64),
        np.concatenate(
            [
                np.broadcast_to(sign * each.weights * IN_MV, each.sources.shape)
                for each, sign in zip(recurrent, signs, strict=True)
            ]
        ),
        np.concatenate([np.broadcast_to(each.delay_steps, each.sources.shape) for each in recurrent]).astype(np.int64),
    )


def inputs_of(network: Network, duration_ms: int) -> Ints:
    """A source's spike arrives after 1 ms."""
    inputs = np.full(duration_ms + 1, -1)
    for source in network.sources:
        inputs[source.steps + 1] = source.sources + FIRST[source.name.removeprefix("random_")]
    return inputs[:duration_ms]


def spikes_of(recording: Recording) -> tuple[Floats, Ints]:
    each = [(it.spike_times_ms, it.spike_ids + FIRST[name]) for name, it in recording.populations.items()]
    times, cells = (np.concatenate(column) for column in zip(*each, strict=True))
    order = np.lexsort((cells, times))
    return times[order], cells[order].astype(np.int64)


def preset(seed: int, duration_ms: int, *words: str) -> tuple[Network, tuple[Floats, Ints]]:
    words = (f"simulation.duration_ms={duration_ms}", "analysis.warmup_ms=0", f"seed={seed}", *words)
    config = compose(["experiment=trensch_2018", *words]).config
    network = draw(config)
    return network, spikes_of(sound_with(network, config))


def measured(spikes: tuple[Floats, Ints] | tuple[Ints, Ints], duration_ms: int) -> dict[str, float]:
    """Mean rate in Hz, its standard deviation over cells, and mean local variation, of each population."""
    times, cells = spikes
    rates = np.bincount(cells, minlength=N) / duration_ms * 1000
    found = {}
    for name, own in (("exc", range(N_EXC)), ("inh", range(N_EXC, N))):
        variation = []
        for cell in own:
            gaps = np.diff(np.sort(times[cells == cell]))
            if len(gaps) > 1:
                changes = (gaps[1:] - gaps[:-1]) / (gaps[1:] + gaps[:-1])
                variation.append(3 * np.mean(changes**2))
        found |= {f"{name}_hz": rates[own].mean(), f"{name}_hz_std": rates[own].std(ddof=1)}
        found[f"{name}_lv"] = float(np.mean(variation))
    return found


def table(runs: list[dict[str, float]]) -> dict[str, Floats]:
    return {name: np.array([run[name] for run in runs]) for name in runs[0]}


def text(rows: dict[str, Floats]) -> dict[str, str]:
    return {name: f"{values.mean():.3g} ± {values.std(ddof=1):.2g}" for name, values in rows.items()}


def test_the_preset_is_the_network_before_learning() -> None:
    network, _ = preset(1, 1)
    synapses = synapses_of(network)
    pairs = synapses.sources * N + synapses.targets
    assert len(np.unique(pairs)) == len(pairs) == 100_000
    assert (synapses.sources != synapses.targets).all()
    from_exc = synapses.sources < N_EXC
    assert np.count_nonzero(from_exc) == 80_000 and np.unique(synapses.weights[from_exc]) == 6.0
    assert synapses.targets[~from_exc].max() < N_EXC and np.unique(synapses.weights[~from_exc]) == -5.0
    assert set(synapses.delays[from_exc]) == {*range(1, 21)} and set(synapses.delays[~from_exc]) == {1}


def test_brian2_gives_the_spikes_of_the_program() -> None:
    """Weights are sums of whole numbers, so that no rounding differs: every spike of 1.5 s is the same."""
    duration_ms = 1500
    network, (times, cells) = preset(1, duration_ms, "backend.codegen=numpy")
    expected = program(synapses_of(network), inputs_of(network, duration_ms))
    assert len(times) > 5000
    np.testing.assert_array_equal((times, cells), expected)


def test_the_published_files_become_the_network_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network in the form of the published files, through the script and the preset of the page."""
    rng, own = np.random.default_rng(1), own_network(1)
    weights = np.where(own.weights > 0, np.round(rng.uniform(0, 10, len(own.weights)), 6), own.weights)
    inputs = rng.integers(N, size=3000)
    published = tmp_path / "published"
    published.mkdir()
    for name, column in (("conMatrix", own.targets), ("delayMatrix", own.delays), ("weightMatrix_after5h", weights)):
        np.savetxt(published / f"{name}.dat", column.reshape(N, 100), fmt="%f" if name[0] == "w" else "%03d")
    rows = np.column_stack([*divmod(np.arange(len(inputs)), 1000), inputs])
    np.savetxt(published / "randomNetworkInput.dat", rows, fmt=["%06d", "%03d", "%03d"])
    page = PAGE.read_text(encoding="utf-8")
    script, preset_file = "published_state.py", "my_presets/experiment/trensch_2018_learned.yaml"
    blocks = {script: r"```py\n(.*?)```", preset_file: rf"```yaml\n(# {preset_file}\n.*?)```"}
    for name, pattern in blocks.items():
        (block,) = re.findall(pattern, page, re.DOTALL)
        tmp_path.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        tmp_path.joinpath(name).write_text(block, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["published_state.py", str(published), "5"])
    runpy.run_path("published_state.py")
    config = compose(["experiment=trensch_2018_learned"], Path("my_presets")).config
    network = draw(config)
    read = synapses_of(network)
    for expected, given in ((own.targets, read.targets), (weights, read.weights), (own.delays, read.delays)):
        one, other = (
            column[np.lexsort((targets, sources))]
            for sources, targets, column in (
                (own.sources, own.targets, expected),
                (read.sources, read.targets, given),
            )
        )
        np.testing.assert_allclose(one, other, rtol=1e-6)
    got = np.full(len(inputs), 0)  # cell 0 never gets its input
    for source, population in zip(network.sources, ("exc", "inh"), strict=True):
        got[source.steps] = source.sources + FIRST[population]
    np.testing.assert_array_equal(got, inputs)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_table_of_the_presets_page() -> None:
    """Five seeds of 8 s: the program with networks of its own, and the preset on Brian2."""
    seeds, duration_ms = range(1, 6), 8000
    rngs = [np.random.default_rng(1000 + seed) for seed in seeds]
    rows = {
        "preset": [measured(preset(seed, duration_ms, "backend.codegen=numpy")[1], duration_ms) for seed in seeds],
        "program": [
            measured(program(own_network(seed), rng.integers(N, size=duration_ms)), duration_ms)
            for seed, rng in zip(seeds, rngs, strict=True)
        ],
    }
    tables = {name: table(runs) for name, runs in rows.items()}
    for name, row in tables.items():
        print(name, text(row))
    for quantity, within in {"exc_hz": 0.1, "inh_hz": 0.1, "exc_hz_std": 0.15, "exc_lv": 0.15, "inh_lv": 0.15}.items():
        assert tables["preset"][quantity].mean() == pytest.approx(tables["program"][quantity].mean(), rel=within)
