"""The natural spread against which two runs are judged: one back end, several seeds.

There are two questions. How much do the *distributions* of two networks differ if only their seeds differ? And how
soon do the *spike trains* of one network diverge if its initial state changes by as little as another number format
would change it? The first applies to any two runs, the second to two runs of one network.
"""

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.comparison.coincidence import divergence
from varesearch.comparison.samples import judged_samples, ks_distances
from varesearch.config.schema import Config
from varesearch.config.streams import stream
from varesearch.network import Network, draw
from varesearch.recording import Recording
from varesearch.whole_files import whole_file

MIN_SEEDS = 5
PERTURBATION_MV = 0.003
"""About a hundred units in the last place of SpiNNaker's s16.15 numbers (2^-15 mV), as other arithmetic may cause."""

Simulate = Callable[[Config, Network], Recording]


@dataclass(frozen=True)
class NaturalSpread:
    """How much runs differ that only their seeds tell apart.

    Attributes
    ----------
    ks
        (population, what) -> Kolmogorov-Smirnov distances of all pairs of seeds.
    coincidence
        Of shape (seeds, times): for each seed, the coincidence of the network with its perturbed copy up to
        ``times_ms``.
    spikes
        The number of spikes that were compared up to each time, in the seed with the fewest.
    v_difference_mv
        The typical difference of v in mV, of the same shape; None if v was not recorded.
    cached
        Whether it was measured in an earlier session.
    """

    backend: str
    seeds: tuple[int, ...]
    perturbation_mv: float
    ks: dict[tuple[str, str], list[float]]
    times_ms: NDArray[np.float64]
    coincidence: NDArray[np.float64]
    spikes: NDArray[np.int64]
    v_difference_mv: NDArray[np.float64] | None
    cached: bool = False


def measure_spread(
    config: Config,
    simulate: Simulate,
    seeds: int = MIN_SEEDS,
    perturbation_mv: float = PERTURBATION_MV,
    progress: Callable[[int], None] = lambda done: None,
    config_dir: Path | None = None,
) -> NaturalSpread:
    """Simulate several networks of ``config``, each also with a perturbed initial state.

    Parameters
    ----------
    config
        The model; the seeds count up from its own, which is not used itself.
    simulate
        Runs one network on the back end that gives the spread.
    seeds
        How many networks, at least :data:`MIN_SEEDS`.
    perturbation_mv
        The standard deviation of the noise on every initial v, in mV.
    progress
        Called with the number of runs that are done, of 2 x seeds.
    config_dir
        The folder with metrics of the user's own.

    Raises
    ------
    ValueError
        Fewer than :data:`MIN_SEEDS` seeds.
    """
    if seeds < MIN_SEEDS:
        raise ValueError(f"a spread needs {MIN_SEEDS} seeds or more, not {seeds}")
    used = tuple(range(config.seed + 1, config.seed + 1 + seeds))
    samples, curves = [], []
    for k, seed in enumerate(used):
        seeded = dataclasses.replace(config, seed=seed)
        network = draw(seeded)
        recording = simulate(seeded, network)
        progress(2 * k + 1)
        curves.append(divergence(recording, simulate(seeded, perturbed(network, perturbation_mv))))
        progress(2 * k + 2)
        samples.append(judged_samples(recording, config.analysis, config_dir))
    ks: dict[tuple[str, str], list[float]] = {}
    for a, b in itertools.combinations(samples, 2):
        for key, distance in ks_distances(a, b).items():
            ks.setdefault(key, []).append(distance)
    return NaturalSpread(
        backend=config.backend.name,
        seeds=used,
        perturbation_mv=perturbation_mv,
        ks=ks,
        times_ms=curves[0].times_ms,
        coincidence=np.array([curve.coincidence for curve in curves]),
        spikes=np.min([curve.spikes for curve in curves], axis=0),
        v_difference_mv=_stack([curve.v_difference_mv for curve in curves]),
    )


def _stack(rows: Sequence[NDArray[np.float64] | None]) -> NDArray[np.float64] | None:
    present = [row for row in rows if row is not None]
    return np.array(present) if len(present) == len(rows) else None


def perturbed(network: Network, scale_mv: float) -> Network:
    """The same network with normal noise of standard deviation ``scale_mv`` on every cell's initial v."""
    populations = tuple(
        dataclasses.replace(
            population,
            initial={
                **population.initial,
                "v": population.initial["v"]
                + scale_mv * stream(network.seed, population.name, "perturbation").standard_normal(population.size),
            },
        )
        for population in network.populations
    )
    return dataclasses.replace(network, populations=populations)


def cached_spread(folder: Path, key: Mapping[str, Any], measure: Callable[[], NaturalSpread]) -> NaturalSpread:
    """The spread that ``folder`` holds for ``key``, which is all that determines it; else it is measured and stored."""
    name = hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()
    path = folder / f"{name}.json"
    if path.is_file():
        return _from_json(json.loads(path.read_text()))
    spread = measure()
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary:  # another process sees a whole file or none
        temporary.write_text(json.dumps({"key": dict(key), **_to_json(spread)}, default=str))
    return spread


def _to_json(spread: NaturalSpread) -> dict[str, Any]:
    return {
        "backend": spread.backend,
        "seeds": spread.seeds,
        "perturbation_mv": spread.perturbation_mv,
        "ks": [[population, what, values] for (population, what), values in spread.ks.items()],
        "times_ms": spread.times_ms.tolist(),
        "coincidence": [[None if np.isnan(c) else float(c) for c in row] for row in spread.coincidence],
        "spikes": spread.spikes.tolist(),
        "v_difference_mv": None if spread.v_difference_mv is None else spread.v_difference_mv.tolist(),
    }


def _from_json(stored: Mapping[str, Any]) -> NaturalSpread:
    return NaturalSpread(
        backend=stored["backend"],
        seeds=tuple(stored["seeds"]),
        perturbation_mv=stored["perturbation_mv"],
        ks={(population, what): values for population, what, values in stored["ks"]},
        times_ms=np.array(stored["times_ms"]),
        coincidence=np.array(stored["coincidence"], dtype=np.float64),
        spikes=np.array(stored["spikes"], dtype=np.int64),
        v_difference_mv=None if stored["v_difference_mv"] is None else np.array(stored["v_difference_mv"]),
        cached=True,
    )
