"""How long commands take, and how much memory, on stores of different sizes: ``python measure_store.py 300 3000``.

Prints a Markdown table. Each command is a process of its own on a store that holds a real sweep of two runs and as many
copies as are asked for (``large_store.py``). CPU seconds and peak memory are those of the process and its children, as
the kernel counts them (getrusage(2), wait4(2)). Nothing here is asserted: the law is in ``test_large_store.py``.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import large_store
from large_store import COPY, copy_id

LARGE_STORE = large_store.__file__
SWEEP = ["-m", "connectivity.n=10", "simulation.duration_ms=200", "analysis.warmup_ms=0", "seed=1,2"]
_LOAD = "import sys; from varesearch.tracking import load_run; load_run(sys.argv[1])"
_OPEN = (
    "from varesearch.config.schema import TrackingConfig; from varesearch.tracking.run import StoreSession; "
    "StoreSession(TrackingConfig()).open()"
)


def measure(root: Path, arguments: Sequence[str], until: str = "") -> str:
    """``wall s (CPU s), peak MB`` of one process; with ``until`` it is ended when it prints a line that begins so."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, "VARESEARCH_ROOT": str(root)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        assert process.stdout is not None
        for line in process.stdout:
            if until and line.startswith(until):
                process.send_signal(signal.SIGTERM)
                break
        wall = time.monotonic() - began
        process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(f"{arguments}: exit code {process.returncode}\n{errors.read()[-2000:]}")
    return f"{wall:.1f} ({usage.ru_utime + usage.ru_stime:.1f}), {usage.ru_maxrss / 1000:.0f}"


def main() -> None:
    """Measure at each size, in the order given, on one store that grows."""
    there, columns = 0, []
    with tempfile.TemporaryDirectory(prefix="varesearch-sizes-") as folder:
        root = Path(folder)
        measure(root, ["-m", "varesearch", *SWEEP])
        child = COPY.format(n=7)
        for size in map(int, sys.argv[1:]):
            # In a process of its own: what this one has held would count as the peak of those that it starts.
            filled = [LARGE_STORE, str(root), str(size - there), str(there + 1)]
            subprocess.run([sys.executable, *filled], check=True)
            there = size
            columns.append(
                {
                    "a run by the start of its id": measure(root, ["-c", _LOAD, copy_id(7)[:8]]),
                    "a run by its name": measure(root, ["-c", _LOAD, child]),
                    "opening the store, as each run does": measure(root, ["-c", _OPEN]),
                    "a sweep again, all runs done": measure(root, ["-m", "varesearch", *SWEEP]),
                    "report of the sweep": measure(root, ["-m", "varesearch", "report", "sweep seed(2), 2 runs"]),
                    "`make ui`, up to its address": measure(root, ["-m", "varesearch", "ui"], "http"),
                }
            )
            print(size, columns[-1], file=sys.stderr, flush=True)
    print("| wall s (CPU s), peak MB |", " | ".join(f"{int(size):,} runs" for size in sys.argv[1:]), "|")
    print("|---" * (len(columns) + 1) + "|")
    for name in columns[0]:
        print(f"| {name} |", " | ".join(column[name] for column in columns), "|")


if __name__ == "__main__":
    main()
