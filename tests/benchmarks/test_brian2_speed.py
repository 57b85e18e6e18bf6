"""The Brian2 back end against native Brian2 on the seed network, in CPU time. Prints ratios; asserts no timing."""

import time
from typing import Any

import pytest

from varesearch.backends.brian2.backend import Brian2
from varesearch.backends.brian2.session import load
from varesearch.config.compose import compose
from varesearch.network import draw


def measured(n: int, duration_ms: float) -> tuple[dict[str, float], int, int]:
    """CPU seconds of each phase, synapses, spikes."""
    signals = "[v]" if n <= 1500 else "[]"
    config = compose(
        [
            "experiment=seed_izhikevich",
            f"connectivity.n={n}",
            f"recording.signals={signals}",
            f"simulation.duration_ms={duration_ms}",
        ]
    ).config
    phases, times = ["draw", "build", "run", "collect", "close"], [time.process_time()]
    network = draw(config)
    times.append(time.process_time())
    backend = Brian2(config)
    backend.build(network)
    times.append(time.process_time())
    backend.run(lambda _simulated_ms: None)
    times.append(time.process_time())
    recording = backend.collect()
    times.append(time.process_time())
    backend.close()
    times.append(time.process_time())
    spikes = sum(len(population.spike_ids) for population in recording.populations.values())
    seconds = {phase: after - before for phase, before, after in zip(phases, times, times[1:], strict=False)}
    return seconds, network.n_synapses, spikes


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("n", "duration_ms"), [(1500, 1000.0), (5000, 1000.0), (20_000, 100.0), (20_000, 1000.0)])
def test_against_native_brian2(n: int, duration_ms: float, benchmark: Any, capsys: pytest.CaptureFixture[str]) -> None:
    load()
    from native_brian2 import native_seed_network

    native_seed_network(100, 10.0)  # imports and Brian2's own caches, for both alike
    measured(100, 10.0)
    native = native_seed_network(n, duration_ms, record_v=n <= 1500)
    ours, synapses, spikes = benchmark.pedantic(measured, args=(n, duration_ms), rounds=1)
    ratio = (ours["build"] + ours["run"]) / (native.build_s + native.run_s)
    benchmark.extra_info.update(ours, ratio=ratio, synapses=synapses, spikes=spikes)
    assert synapses == pytest.approx(native.synapses, rel=0.05)
    with capsys.disabled():
        phases = ", ".join(f"{name} {seconds:.2f}" for name, seconds in ours.items())
        print(f"\n{n} cells, {duration_ms:g} ms, {synapses} synapses, {spikes} spikes: {phases} s CPU;", end=" ")
        print(f"native ({native.spikes} spikes): build {native.build_s:.2f}, run {native.run_s:.2f};", end=" ")
        print(f"build + run {ratio:.2f} x native")
