"""Outcomes of sweeps that nobody ran, for tests of what is made from them."""

import itertools
from collections.abc import Collection, Sequence
from typing import Any

from varesearch.config.compose import Composed, compose
from varesearch.sweeps.jobs import Job, Outcome

BASE = compose([])


PAIR = ("exc", "inh")


def metrics(number: int, populations: Sequence[str] = PAIR) -> dict[str, float]:
    """Numbers that differ from child to child and from population to population in a known way."""
    values: dict[str, float] = {}
    for place, population in enumerate(populations):
        more = 5.0 * place
        values |= {
            f"{population}.rate_hz": number + more,
            f"{population}.cv_isi": 0.5 + 0.01 * number,
            f"{population}.silent_fraction": 0.0,
        }
    return {**values, "realtime_factor": 0.25, "phase.simulate_s": 0.5 + number, "peak_memory_mb": 200.0}


def outcomes(
    axes: dict[str, Sequence[Any]],
    failed: Collection[int] = (),
    undefined: Collection[int] = (),
    populations: Sequence[str] = PAIR,
    base: Composed = BASE,
) -> list[Outcome]:
    """One for each combination, the last axis fastest; those ``failed`` have no numbers, ``undefined`` no CV of exc."""
    found = []
    for number, values in enumerate(itertools.product(*axes.values())):
        varied = dict(zip(axes, values, strict=True))
        job = Job(number, tuple(f"{key}={value}" for key, value in varied.items()), base, varied, f"identity{number}")
        if number in failed:
            found.append(Outcome(job, "FAILED", f"{number:032x}", f"run {number}", reason="killed by SIGSEGV"))
            continue
        numbers = {
            key: value
            for key, value in metrics(number, populations).items()
            if number not in undefined or key != "exc.cv_isi"
        }
        found.append(
            Outcome(job, "FINISHED", f"{number:032x}", f"run {number}", metrics=numbers, network_hash=f"{number:064x}")
        )
    return found
