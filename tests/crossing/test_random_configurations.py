"""Random configurations: none ends in a traceback, in NaN or in its process's death; the same scheme gives the same
trains; what is refused is refused in one line, with exit code 2 and nothing written.

The suite draws the same few every time; the slow suite new ones each day, or those of CROSSING_SEED. A failure names
the command that replays it.
"""

import datetime
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from random_configurations import Draw, refusal_faults, try_one

PATIENCE_S = 300
"""A configuration that takes longer hangs."""


class Worker:
    """A process that tries one configuration after another, and that a crash or a hang replaces."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))

    def tried(self, seed: int, hostile: bool, cache: Path) -> tuple[str, str]:
        """What came of a configuration, and its fault or ""."""
        try:
            return self._pool.submit(try_one, seed, hostile, cache).result(PATIENCE_S)
        except (BrokenProcessPool, TimeoutError) as error:
            for process in (getattr(self._pool, "_processes", None) or {}).values():
                process.kill()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._start()
            return "killed", f"the process died or hung: {type(error).__name__}"

    def end(self) -> None:
        self._pool.shutdown()


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """One for both series: it has the imports to pay."""
    started = Worker()
    yield started
    started.end()


def outcomes(seeds: Iterable[int], hostile: bool, cache: Path, worker: Worker) -> tuple[Counter[str], list[str]]:
    """What came of each, and the faults."""
    counted: Counter[str] = Counter()
    faults = []
    for seed in seeds:
        outcome, fault = worker.tried(seed, hostile, cache)
        counted[outcome] += 1
        if fault:
            replay = f"python tests/crossing/random_configurations.py {'--hostile ' if hostile else ''}{seed}"
            faults.append(f"{replay}\n{fault}")
    return counted, faults


def test_a_number_always_gives_the_same_words() -> None:
    assert Draw(7).valid() == Draw(7).valid() != Draw(8).valid()
    assert Draw(7).hostile() == Draw(7).hostile()


def test_a_few_configurations(compiled: Path, worker: Worker) -> None:
    counted, faults = outcomes(range(1, 13), False, compiled, worker)
    assert not faults, "\n".join(faults)
    assert sum(count for outcome, count in counted.items() if outcome.startswith("run on")) >= 9


def test_a_few_hostile_values(compiled: Path, worker: Worker) -> None:
    counted, faults = outcomes(range(1, 21), True, compiled, worker)
    assert not faults, "\n".join(faults)
    assert counted["refused or too large"] >= 8


ONE_STEP = ["connectivity=fixed_probability", "connectivity.n=20", "connectivity.p=0.3", "simulation.dt_ms=0.5"]
FOUND = {
    "a delay of one step on NEST": [*ONE_STEP, "backend=nest", "cell=if_cond_exp", "connectivity.delay_ms=0.5"],
    "a drawn delay of one step on NEST": [
        *ONE_STEP,
        "backend=nest",
        "cell=if_curr_exp",
        "connectivity.delay_ms={distribution: uniform, low: 0.5, high: 4}",
    ],
    "a pathway's delay of one step on NEST": [
        *ONE_STEP,
        "backend=nest",
        "cell=if_curr_alpha",
        "connectivity.inh_to_exc.delay_ms={distribution: exponential, mean: 1, low: 0.5, high: 4}",
    ],
    "an integrator that another back end has": [*ONE_STEP, "backend=brian2", "cell.integrator=rkf45"],
}
"""What random configurations found, at the command line."""


@pytest.mark.parametrize("words", FOUND.values(), ids=FOUND)
def test_what_was_found_is_refused_in_one_line_and_leaves_nothing(words: list[str]) -> None:
    assert refusal_faults(words) == ""


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("hostile", [False, True], ids=["valid", "hostile"])
def test_two_hundred_a_day(hostile: bool, compiled: Path, worker: Worker) -> None:
    first = 1000 * int(os.environ.get("CROSSING_SEED") or f"{datetime.datetime.now(datetime.UTC):%Y%m%d}")
    counted, faults = outcomes(range(first, first + 200), hostile, compiled, worker)
    print(f"seeds {first} to {first + 199}: {dict(counted)}, {len(faults)} with faults")
    assert not faults, "\n".join(faults)
