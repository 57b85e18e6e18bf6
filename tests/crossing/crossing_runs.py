"""Running overrides in this process, the way the command does, and comparing what came out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from varesearch import simulation as engine
from varesearch.backends.base import Workspace
from varesearch.backends.check import checked_backend
from varesearch.config.compose import compose
from varesearch.config.schema import Config
from varesearch.config.validation import validate
from varesearch.network import draw
from varesearch.preflight import check_memory
from varesearch.tracking.tags import result_tags


@dataclass(frozen=True)
class Trains:
    """Of a run: the network's hash, the spikes as rows (step, cell), sorted, for each population, and its tags.

    ``signals``: (population, name) -> samples of shape (samples, cells).
    """

    network: str
    spikes: dict[str, NDArray[np.int64]]
    tags: dict[str, str]
    signals: dict[tuple[str, str], NDArray[np.floating]]

    @property
    def finite(self) -> bool:
        """Are all samples finite numbers?"""
        return all(bool(np.isfinite(values).all()) for values in self.signals.values())

    @property
    def total(self) -> int:
        return sum(len(each) for each in self.spikes.values())


def checked(overrides: Sequence[str]) -> Config:
    """The settings, through every check of the command. Raises ConfigurationError."""
    config = compose(overrides).config
    validate(config)
    checked_backend(config)
    check_memory(config)
    return config


def simulate(config: Config, cache: Path, nudge_mv: float = 0.0) -> Trains:
    """Run checked settings. ``cache`` keeps compiled code for later runs; ``nudge_mv`` moves every cell's first v."""
    network = draw(config)
    drawn = network.hash
    for population in network.populations:
        population.initial["v"][:] += nudge_mv
    result = engine.simulate(network, checked_backend(config), Workspace(cache=cache))
    recording = result.recording
    assert recording is not None
    spikes = {
        name: np.stack([np.rint(p.spike_times_ms / network.dt_ms).astype(np.int64), p.spike_ids.astype(np.int64)], 1)
        for name, p in recording.populations.items()
    }
    signals = {
        (population, name): signal.values
        for population, p in recording.populations.items()
        for name, signal in p.signals.items()
    }
    return Trains(drawn, spikes, result_tags(result), signals)


@lru_cache(maxsize=64)
def run(overrides: tuple[str, ...], cache: Path) -> Trains:
    """Check and run; the last ones are kept, for a network's reference is wanted once for each target."""
    return simulate(checked(overrides), cache)


def first_difference(one: Trains, other: Trains) -> str:
    """Where two runs part, in words; "" if every cell fires in the same steps."""
    for name, spikes in one.spikes.items():
        a, b = set(map(tuple, spikes)), set(map(tuple, other.spikes[name]))
        if a != b:
            step, cell = min(a ^ b)
            return f"{len(a)} and {len(b)} spikes of {name}; they part at step {step}, cell {cell}"
    return ""


CLOSE = 1e-5
"""How far two samples may lie apart that the same scheme computes, as a share of the largest of the signal."""


def first_sample_apart(one: Trains, other: Trains) -> str:
    """Where two runs whose cells fire in the same steps have other samples, in words; "" if nowhere."""
    for key, a in one.signals.items():
        b = other.signals[key]
        if a.shape != b.shape:
            return f"samples of {key[1]} of {key[0]} of shapes {a.shape} and {b.shape}"
        apart = np.argwhere(np.abs(a.astype(np.float64) - b) > CLOSE * np.abs(a).max(initial=0.0))
        if apart.size:
            sample, cell = apart[0]
            return f"{key[1]} of {key[0]} is {a[sample, cell]} and {b[sample, cell]} at sample {sample}, cell {cell}"
    return ""


def shared(one: Trains, other: Trains, steps: int, within: int = 0) -> float:
    """Of both runs' spikes before ``steps``, the share that the other has in the same cell, ``within`` steps off."""
    found = total = 0
    for name in one.spikes:
        a, b = (set(map(tuple, each.spikes[name][each.spikes[name][:, 0] < steps])) for each in (one, other))
        total += len(a) + len(b)
        for mine, theirs in ((a, b), (b, a)):
            found += sum(any((t + d, i) in theirs for d in range(-within, within + 1)) for t, i in mine)
    return found / total if total else 1.0


NUDGE_MV = 1e-9
"""A thousand times what rounding does to v in a step, and far below anything that a difference of models would make."""


def explained_by_rounding(config: Config, one: Trains, other: Trains, cache: Path) -> bool:
    """Do two runs part no sooner than ``config``'s own from itself when its first v is moved by :data:`NUDGE_MV`?

    Sums taken in another order differ in the last bit, which strong recurrent input makes into another spike at last
    (see test_summation.py). Such a network parts from itself at once when it is moved by so little.
    """
    nudged = simulate(config, cache, NUDGE_MV)
    return parting(one, other) >= 0.5 * parting(one, nudged)


def parting(one: Trains, other: Trains) -> float:
    """The first step in which not the same cells fire; infinity if there is none."""
    steps = [
        min(a ^ b)[0]
        for a, b in ((set(map(tuple, one.spikes[name])), set(map(tuple, other.spikes[name]))) for name in one.spikes)
        if a != b
    ]
    return min(steps, default=float("inf"))
