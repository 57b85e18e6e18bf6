"""Random configurations: none ends in a traceback, in NaN or in its process's death; the same scheme gives the same
trains; what is refused is refused in one line, with exit code 2 and nothing written.

The suite draws the same few every time; the slow suite new ones each day, or those of CROSSING_SEED. A failure names
the command that replays it.
"""

import datetime
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from random_configurations import Draw, refusal_faults, try_one

PATIENCE_S = 300
"""A configuration that takes longer hangs."""


def outcomes(seeds: Iterable[int], hostile: bool, cache: Path) -> tuple[Counter[str], list[str]]:
    """What came of each, and the faults. All in one worker process, which a crash replaces."""
    counted: Counter[str] = Counter()
    faults = []
    context = multiprocessing.get_context("spawn")
    workers = ProcessPoolExecutor(1, mp_context=context)
    for seed in seeds:
        replay = f"python tests/crossing/random_configurations.py {'--hostile ' if hostile else ''}{seed}"
        try:
            outcome, fault = workers.submit(try_one, seed, hostile, cache).result(PATIENCE_S)
        except (BrokenProcessPool, TimeoutError) as error:
            outcome, fault = "killed", f"the process died or hung: {type(error).__name__}"
            for process in (getattr(workers, "_processes", None) or {}).values():
                process.kill()
            workers.shutdown(wait=False, cancel_futures=True)
            workers = ProcessPoolExecutor(1, mp_context=context)
        counted[outcome] += 1
        if fault:
            faults.append(f"{replay}\n{fault}")
    workers.shutdown()
    return counted, faults


def test_a_number_always_gives_the_same_words() -> None:
    assert Draw(7).valid() == Draw(7).valid() != Draw(8).valid()
    assert Draw(7).hostile() == Draw(7).hostile()


def test_a_few_configurations(compiled: Path) -> None:
    counted, faults = outcomes(range(1, 13), False, compiled)
    assert not faults, "\n".join(faults)
    assert sum(count for outcome, count in counted.items() if outcome.startswith("run on")) >= 9


def test_a_few_hostile_values(compiled: Path) -> None:
    counted, faults = outcomes(range(1, 21), True, compiled)
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
def test_two_hundred_a_day(hostile: bool, compiled: Path) -> None:
    first = 1000 * int(os.environ.get("CROSSING_SEED") or f"{datetime.datetime.now(datetime.UTC):%Y%m%d}")
    counted, faults = outcomes(range(first, first + 200), hostile, compiled)
    print(f"seeds {first} to {first + 199}: {dict(counted)}, {len(faults)} with faults")
    assert not faults, "\n".join(faults)
