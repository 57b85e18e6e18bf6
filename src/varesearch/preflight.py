"""Whether a configuration can be run here: the one gate that every command passes before anything is drawn."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from varesearch.backends import MemoryCost, backend_class
from varesearch.backends.check import check_backend
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import Config
from varesearch.config.validation import validate
from varesearch.free_memory import Bound, address_space_bounds, memory_bounds
from varesearch.network import NetworkEstimate, estimate
from varesearch.network.estimate import ASSUMED_RATE_HZ, check_counts

ANALYSED_SPIKE = 86.0
"""Bytes that a spike takes at the peak of analysis and figures, its recording included; measured."""

ADDRESS_SPACE_OF_A_RUN = 1.5e9
"""Bytes of address space that a run reserves beyond what it uses: libraries, threads' stacks, allocators' arenas."""

FILES_OF_A_RUN = 2e6
"""Bytes of a run's files beside its recording: figures, tables, log, and its rows in the store."""

_SPARE_MEMORY = "set recording.cells, a longer recording.interval_ms or recording.signals=[]"
_SPARE_DISK = f"{_SPARE_MEMORY}, free space, or name another project folder in VARESEARCH_ROOT"


@dataclass(frozen=True)
class MemoryNeed:
    """What a run holds, in bytes: ``run`` whatever its size, ``parts`` by what they are for, ``total`` at its peak.

    Recorded spikes count as at :data:`~varesearch.network.estimate.ASSUMED_RATE_HZ`: nobody knows them before.
    """

    run: float
    parts: dict[str, float]
    total: float


def check(config: Config) -> None:
    """Raise ConfigurationError for what cannot be run here: invalid, unknown to its back end, or too large."""
    validate(config)
    check_backend(config)
    check_memory(config)
    check_counts(config)
    check_disk(config)


def memory_need(config: Config) -> MemoryNeed:
    """What a run of a valid configuration will hold."""
    cost, size = backend_class(config.backend.name).memory(config), estimate(config)
    return expected_need(cost, size)


def check_memory(config: Config) -> None:
    """Raise ConfigurationError if a run would take more memory than this process may have."""
    cost, size = backend_class(config.backend.name).memory(config), estimate(config)
    need = expected_need(cost, size)
    tightest = memory_bounds()[0]
    if need.total > tightest.free:
        raise ConfigurationError(_message(config, size, need, need.total, tightest))
    for bound in address_space_bounds():
        if need.total - need.run + ADDRESS_SPACE_OF_A_RUN > bound.free:
            wanted = need.total - need.run + ADDRESS_SPACE_OF_A_RUN
            raise ConfigurationError(_message(config, size, need, wanted, bound))


def recording_file_bytes(config: Config) -> float:
    """How large ``recording.npz`` will be: noise in the last bits hardly compresses, spike trains do."""
    size = estimate(config)
    return 0.92 * size.recording_bytes + 2.0 * size.spikes


def check_disk(config: Config) -> None:
    """Raise ConfigurationError if the recording would not fit where the store keeps its files."""
    folder, free = _room(config)
    needed = recording_file_bytes(config) + FILES_OF_A_RUN
    if free is not None and needed > free:
        raise ConfigurationError(
            f"simulation.duration_ms={config.simulation.duration_ms:g}: the run's files will take about "
            f"{_size(needed)}, and {_size(free)} are free in {folder}; {_SPARE_DISK}"
        )


def check_disk_together(configs: Sequence[Config], n_runs: int) -> None:
    """Raise ConfigurationError if the files of all runs that a sweep has still to make would not fit together.

    Parameters
    ----------
    configs
        The runs, or some that are like them where they are not known yet.
    n_runs
        How many runs there will be.
    """
    from varesearch.tracking.store import place

    # With a tracking server, what a run has written is sent at its end and leaves no file here.
    if not configs or place(configs[0].tracking.uri).database is None:
        return
    folder, free = _room(configs[0])
    needed = n_runs * sum(recording_file_bytes(config) + FILES_OF_A_RUN for config in configs) / len(configs)
    if free is not None and needed > free:
        raise ConfigurationError(
            f"{n_runs} runs: their files will take about {_size(needed)}, and {_size(free)} are free in {folder}; "
            f"{_SPARE_DISK}"
        )


def _room(config: Config) -> tuple[Path, int | None]:
    """Where the files of a run will be, and how many bytes are free there; None where that cannot be known."""
    from varesearch.tracking.store import check_folder, place

    where = place(config.tracking.uri)
    check_folder(where)
    folder = where.artifacts if where.database else where.staging
    folder = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    disk = shutil.disk_usage(folder)
    # A file system without any room is none for files (/proc): the store says so.
    return folder, disk.free if disk.total else None


def check_memory_together(configs: Sequence[Config], at_once: int, limit_mb: float | None, workers: str) -> None:
    """Raise ConfigurationError if runs that go on at the same time need too much memory, or one more than its limit.

    Parameters
    ----------
    configs
        The runs of a sweep.
    at_once
        How many of them go on at once on this machine; 0: they run on others.
    limit_mb
        ``launcher.memory_limit_mb``.
    workers
        The setting that determines ``at_once``, as it is to be named.
    """
    needs = sorted((memory_need(config) for config in configs), key=lambda need: need.total, reverse=True)
    if not needs:
        return
    if limit_mb is not None and needs[0].total > limit_mb * 1e6:
        raise ConfigurationError(
            f"launcher.memory_limit_mb={limit_mb:g}: the largest run needs about {needs[0].total / 1e6:,.0f} MB; "
            f"raise it, or {_SPARE_MEMORY}"
        )
    bound = memory_bounds()[0]
    sizes = [need.total for need in needs[:at_once]]
    if len(sizes) > 1 and sum(sizes) > bound.free:
        fits = max(1, next(n for n in range(len(sizes), -1, -1) if sum(sizes[:n]) <= bound.free))
        raise ConfigurationError(
            f"{workers}: {len(sizes)} runs at once need about {_size(sum(sizes))}, and {_size(bound.free)} are "
            f"{bound.what}; set launcher.workers={fits}"
        )


def expected_need(cost: MemoryCost, size: NetworkEstimate) -> MemoryNeed:
    """What a run of that size holds on a back end of that cost."""
    built = {
        "cells": cost.cell * size.n_cells,
        "synapses": cost.synapse * (size.n_synapses - size.stimulus_synapses),
        "stimulus synapses": cost.synapse * size.stimulus_synapses,
        "input spikes": cost.input_spike * size.input_spikes,
    }
    recorded = cost.sample * size.samples + cost.value * size.values
    # Three peaks: compilers beside the built network, the recording that is handed over, and its analysis, when the
    # simulator has gone and the drawn network and the recording are left.
    peaks = (
        cost.helpers + sum(built.values()),
        sum(built.values()) + recorded + cost.spike * size.spikes,
        size.network_bytes + size.recording_bytes + ANALYSED_SPIKE * size.spikes,
    )
    parts = built | {"samples": recorded, "spikes": max(cost.spike, ANALYSED_SPIKE) * size.spikes}
    return MemoryNeed(cost.run, parts, cost.run + max(peaks))


def _message(config: Config, size: NetworkEstimate, need: MemoryNeed, wanted: float, bound: Bound) -> str:
    n, stimulus = f"connectivity.n={config.connectivity.n}", f"stimulus={config.stimulus.kind}"
    duration = f"simulation.duration_ms={config.simulation.duration_ms:g}"
    reasons = {
        "cells": (n, f"{size.n_cells:.3g} cells", "take fewer cells"),
        "synapses": (
            n,
            f"about {size.n_synapses - size.stimulus_synapses:.2g} synapses",
            "take fewer cells or a lower probability or number of synapses",
        ),
        "stimulus synapses": (
            stimulus,
            f"about {size.stimulus_synapses:.2g} synapses of the stimulus",
            "take a smaller stimulus.p, fewer sources or fewer cells",
        ),
        "input spikes": (
            stimulus,
            f"about {size.input_spikes:.2g} spikes of the stimulus",
            "take fewer sources, a lower stimulus.rate_hz or a shorter stimulus.duration_ms",
        ),
        "samples": (duration, f"{size.values:.2g} samples of {', '.join(config.recording.signals)}", _SPARE_MEMORY),
        "spikes": (duration, f"about {size.spikes:.2g} spikes ({ASSUMED_RATE_HZ:g} Hz a cell)", "take a shorter run"),
    }
    largest = max(need.parts, key=lambda part: need.parts[part])
    setting, what, mend = reasons[largest]
    if need.parts[largest] < need.run:
        setting, what, mend = f"backend={config.backend.name}", "even a small run", "end other programs or raise it"
    return (
        f"{setting} needs about {_size(wanted)} of memory for {what}, and {_size(bound.free)} are {bound.what}; {mend}"
    )


def _size(n_bytes: float) -> str:
    if n_bytes < 1e9:
        return f"{n_bytes / 1e6:,.0f} MB"
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes < 1e11 else f"{n_bytes / 1e9:,.0f} GB"
