"""Memory and time of large networks: the tables of docs/explanation/memory.md, printed as rows of them.

``python tests/benchmarks/large_network.py draw`` draws 100,000,000 synapses by three rules; ``... run`` runs 50,000,000
on NEST and Brian2, beside scripts that use these alone. Each is a process; its largest resident set is shown.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

BASELINES = Path(__file__).parent / "baselines"
DRAWN = """
import sys, time
from varesearch.config.compose import compose
from varesearch.network import draw

config = compose(sys.argv[1:]).config
begin = time.process_time()
network = draw(config)
drawn = time.process_time()
network.hash
print(f"{network.n_synapses:,} synapses, draw {drawn - begin:.1f} s, hash {time.process_time() - drawn:.1f} s", end="")
"""
FROM_LAWS = [
    "connectivity.weight_exc={distribution: lognormal, mean: 1, std: 1}",
    "connectivity.weight_inh={distribution: normal, mean: 2, std: 0.5, low: 0}",
    "connectivity.delay_ms={distribution: uniform, low: 1, high: 5}",
]
DRAWINGS = [
    ["connectivity=fixed_probability", "connectivity.n=50000", "connectivity.p=0.04"],
    ["connectivity=fixed_probability", "connectivity.n=50000", "connectivity.p=0.04", *FROM_LAWS],
    [
        "connectivity=fixed_in_degree", "connectivity.n=20000", "connectivity.in_degree_exc=4000",
        "connectivity.in_degree_inh=1000",
    ],
    ["connectivity=fixed_total_number", "connectivity.n=50000", "connectivity.synapses=25000000"],
]  # fmt: skip
LARGE = [
    "cell=if_curr_exp", "connectivity=fixed_in_degree", "connectivity.n=10000", "connectivity.in_degree_exc=4000",
    "connectivity.in_degree_inh=1000", "simulation.duration_ms=20", "stimulus=none", "recording=spikes",
    "analysis.warmup_ms=0", "analysis.fano_window_ms=5", "analysis.rate_bin_ms=5", "analysis.correlation_bin_ms=5",
]  # fmt: skip
RUNS = {"large_nest.py": ["backend=nest", "backend.threads=2"], "large_brian2.py": ["backend=brian2"]}


def peak_mb(*command: str) -> float:
    """Return the largest resident set of a process, in units of 2**20 bytes; print what it prints last."""
    with tempfile.TemporaryDirectory() as root:
        process = subprocess.Popen(
            [sys.executable, *command], stdout=subprocess.PIPE, text=True, env={**os.environ, "VARESEARCH_ROOT": root}
        )
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
        _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    print(lines[-1] if command[0] == "-c" else "", end=" ")
    return used.ru_maxrss / 1024


def main() -> None:
    """Print one of the tables."""
    if sys.argv[1:] == ["draw"]:
        for words in DRAWINGS:
            print(f"{' '.join(words)}: {peak_mb('-c', DRAWN, *words):,.0f} MB", flush=True)
    elif sys.argv[1:] == ["run"]:
        for script, words in RUNS.items():
            alone = peak_mb(str(BASELINES / script))
            whole = peak_mb("-m", "varesearch", *LARGE, *words)
            print(f"{' '.join(words)}: {alone:,.0f} MB alone, {whole:,.0f} MB, ratio {whole / alone:.2f}", flush=True)
    else:
        sys.exit("say what to measure: draw or run")


if __name__ == "__main__":
    main()
