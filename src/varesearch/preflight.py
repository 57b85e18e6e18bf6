"""Check whether a configuration can be run here, as every command does before a network is drawn."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from varesearch.backends import backend_class
from varesearch.backends.base import Backend, MemoryCost
from varesearch.backends.check import check_cells, checked_backend
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import Config
from varesearch.config.validation import validate
from varesearch.config.wording import byte_size
from varesearch.free_memory import Bound, address_space_bounds, memory_bounds
from varesearch.network import NetworkEstimate, estimate
from varesearch.network.consistency import check_network
from varesearch.network.estimate import (
    ASSUMED_RATE_HZ,
    busiest_stimulus,
    cells_setting,
    check_counts,
    recorded_sources,
    sampled,
    stimulus_setting,
)
from varesearch.network.model import Network

ANALYSED_SPIKE = 86.0
"""Bytes that a spike takes at the peak of analysis and figures, its recording included; measured."""

ANALYSED_INPUT_SPIKE = 72.0
"""The same for a spike of a source, if these are kept with the recording."""

ADDRESS_SPACE_OF_A_RUN = 1.5e9
"""Bytes of address space that a run reserves beyond what it uses: libraries, threads' stacks, allocators' arenas."""

FILES_OF_A_RUN = 2e6
"""Bytes of a run's files beside its recording: figures, tables, log, and its rows in the store."""

_SPARE_MEMORY = "set recording.cells or recording.populations, a longer recording.interval_ms, or recording.signals=[]"
_SPARE_DISK = f"{_SPARE_MEMORY}, free space, or name another project folder in VARESEARCH_ROOT"


@dataclass(frozen=True)
class MemoryNeed:
    """The memory that a run takes, in bytes.

    ``run`` is taken whatever the network's size, ``parts`` lists the rest by purpose, ``total`` is the peak. The number
    of spikes is not known before the run; :data:`~varesearch.network.estimate.ASSUMED_RATE_HZ` is assumed.
    """

    run: float
    parts: dict[str, float]
    total: float


def prepare(config: Config, config_dir: Path | None = None) -> Backend:
    """Check a configuration before anything is drawn or tracked, and return the back end that will run it.

    Parameters
    ----------
    config
        The configuration.
    config_dir
        The folder of the user's own parts, whose metrics may be asked for.

    Raises
    ------
    ConfigurationError
        The configuration is invalid, its back end does not support it or is not installed, it asks for metrics that do
        not exist, or the run would take more memory or disk space than there is.
    """
    validate(config)
    if config.analysis.further:
        from varesearch.metrics import check_further

        check_further(config.analysis, config.simulation, config_dir)
    backend = checked_backend(config)
    check_memory(config)
    check_counts(config)
    check_disk(config)
    return backend


def check_given(network: Network, backend: Backend) -> None:
    """Check a network that a program made.

    Raises
    ------
    ConfigurationError
        The network is not consistent in itself, the back end lacks one of its cells, or a simulation would take more
        memory than there is.
    """
    check_network(network)
    check_cells(network, backend)
    backend.check_network(network)
    recording = backend.config.recording
    every = 1 if recording.interval_ms is None else round(recording.interval_ms / network.dt_ms)
    populations = {p.name: (p.size, type(p.cell)) for p in network.populations}
    samples, values = sampled(recording, populations, network.n_steps / every)
    size = NetworkEstimate(
        cells={population.name: population.size for population in network.populations},
        synapses={projection.name: projection.size for projection in network.projections},
        stimulus_synapses=0.0,
        input_spikes=sum(source.n_spikes for source in network.sources),
        samples=samples,
        values=values,
        spikes=ASSUMED_RATE_HZ * network.n_cells * network.duration_ms / 1000.0,
        recorded_input_spikes=recorded_sources(recording, sum(source.n_spikes for source in network.sources)),
        synapse_bytes=0.0,  # they are here already
        current_values=sum(each.amplitudes.size for each in network.currents if each.amplitudes.ndim == 2),
    )
    need, tightest = expected_need(type(backend).memory(backend.config), size), memory_bounds()[0]
    if need.total > tightest.free:
        raise ConfigurationError(
            f"the network of {network.n_cells:,} cells and {network.n_synapses:,} synapses needs about "
            f"{byte_size(need.total)} of memory, but only {byte_size(tightest.free)} are {tightest.what}; take fewer "
            f"cells or synapses, or {_SPARE_MEMORY}"
        )


def memory_need(config: Config) -> MemoryNeed:
    """Return the memory that a run of a valid configuration will take."""
    cost, size = backend_class(type(config.backend)).memory(config), estimate(config)
    return expected_need(cost, size)


def check_memory(config: Config) -> None:
    """Raise ConfigurationError if a run would take more memory than this process may have."""
    cost, size = backend_class(type(config.backend)).memory(config), estimate(config)
    need = expected_need(cost, size)
    tightest = memory_bounds()[0]
    if need.total > tightest.free:
        raise ConfigurationError(_message(config, size, need, need.total, tightest))
    for bound in address_space_bounds():
        if need.total - need.run + ADDRESS_SPACE_OF_A_RUN > bound.free:
            wanted = need.total - need.run + ADDRESS_SPACE_OF_A_RUN
            raise ConfigurationError(_message(config, size, need, wanted, bound))


def recording_file_bytes(config: Config) -> float:
    """Return the expected size of ``recording.npz`` in bytes."""
    # Signals hardly compress, since their last bits are noise; spike trains do.
    size = estimate(config)
    return 0.92 * size.recording_bytes + 2.0 * size.spikes


def check_disk(config: Config) -> None:
    """Raise ConfigurationError if the recording would not fit where the store keeps its files."""
    folder, free = _room(config)
    needed = recording_file_bytes(config) + FILES_OF_A_RUN
    if free is not None and needed > free:
        raise ConfigurationError(
            f"simulation.duration_ms={config.simulation.duration_ms:g}: the run's files will take about "
            f"{byte_size(needed)}, but only {byte_size(free)} are free in {folder}; {_SPARE_DISK}"
        )


def check_disk_together(configs: Sequence[Config], n_runs: int) -> None:
    """Raise ConfigurationError if the files of all runs that a sweep has still to make would not fit together.

    Parameters
    ----------
    configs
        The runs, or similar ones as long as the runs themselves are not known yet.
    n_runs
        How many runs there will be.
    """
    from varesearch.tracking.location import locate_store

    # With a tracking server, what a run has written is sent at its end and leaves no file here.
    if not configs or locate_store(configs[0].tracking.uri).database is None:
        return
    folder, free = _room(configs[0])
    needed = n_runs * sum(recording_file_bytes(config) + FILES_OF_A_RUN for config in configs) / len(configs)
    if free is not None and needed > free:
        raise ConfigurationError(
            f"{n_runs} runs: their files will take about {byte_size(needed)}, but only {byte_size(free)} are free in "
            f"{folder}; {_SPARE_DISK}"
        )


def _room(config: Config) -> tuple[Path, int | None]:
    """Return the folder of a run's files, and how many bytes are free there; None if that is unknown."""
    from varesearch.tracking.location import check_folder, locate_store

    where = locate_store(config.tracking.uri)
    check_folder(where)
    folder = where.artifacts if where.database else where.staging
    folder = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    disk = shutil.disk_usage(folder)
    # A file system of size 0, such as /proc, takes no files at all; opening the store reports that.
    return folder, disk.free if disk.total else None


def check_memory_together(configs: Sequence[Config], at_once: int, limit_mb: float | None, workers: str) -> None:
    """Raise ConfigurationError if one run needs more memory than its limit, or simultaneous runs more than is free.

    Parameters
    ----------
    configs
        The runs of a sweep.
    at_once
        How many of them run at the same time on this machine; 0: they run on other machines.
    limit_mb
        ``launcher.memory_limit_mb``.
    workers
        The setting that determines ``at_once``, as the message names it.
    """
    needs = sorted((memory_need(config) for config in configs), key=lambda need: need.total, reverse=True)
    if not needs:
        return
    if limit_mb is not None and needs[0].total > limit_mb * 1e6:
        raise ConfigurationError(
            f"launcher.memory_limit_mb={limit_mb:g}: the largest run needs about {needs[0].total / 1e6:,.0f} MB; "
            f"raise the limit, or {_SPARE_MEMORY}"
        )
    bound = memory_bounds()[0]
    sizes = [need.total for need in needs[:at_once]]
    if len(sizes) > 1 and sum(sizes) > bound.free:
        fits = max(1, next(n for n in range(len(sizes), -1, -1) if sum(sizes[:n]) <= bound.free))
        raise ConfigurationError(
            f"{workers}: {len(sizes)} runs at once need about {byte_size(sum(sizes))}, but only "
            f"{byte_size(bound.free)} are {bound.what}; set launcher.workers={fits}"
        )


def expected_need(cost: MemoryCost, size: NetworkEstimate) -> MemoryNeed:
    """Return the memory that a run of this size takes on a back end with this cost, in bytes."""
    built = {
        "cells": cost.cell * size.n_cells,
        "synapses": cost.synapse * (size.n_synapses - size.stimulus_synapses) + size.synapse_bytes,
        "stimulus synapses": cost.synapse * size.stimulus_synapses,
        "input spikes": cost.input_spike * size.input_spikes,
        "currents": cost.current_value * size.current_values + cost.parameter_value * size.parameter_values,
    }
    recorded = cost.sample * size.samples + cost.value * size.values
    # The peak is one of three: compilers running beside the built network, the recording being handed over, or the
    # analysis, when the simulator is closed and only the recording and the network without its synapses are left.
    peaks = (
        cost.helpers + sum(built.values()),
        sum(built.values()) + recorded + cost.spike * size.spikes,
        size.kept_bytes
        + size.recording_bytes
        + ANALYSED_SPIKE * size.spikes
        + ANALYSED_INPUT_SPIKE * size.recorded_input_spikes,
    )
    analysed = ANALYSED_INPUT_SPIKE * size.recorded_input_spikes
    built |= {"input spikes": max(built["input spikes"], analysed)}
    parts = built | {"samples": recorded, "spikes": max(cost.spike, ANALYSED_SPIKE) * size.spikes}
    return MemoryNeed(cost.run, parts, cost.run + max(peaks))


def _message(config: Config, size: NetworkEstimate, need: MemoryNeed, wanted: float, bound: Bound) -> str:
    n, driving = cells_setting(config), busiest_stimulus(config)
    stimulus = stimulus_setting(driving)
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
            f"take a smaller {driving.where}.p, fewer sources or fewer cells",
        ),
        "input spikes": (
            stimulus,
            f"about {size.input_spikes:.2g} spikes of the stimulus",
            f"take fewer sources, a lower {driving.where}.rate_hz or a shorter {driving.where}.duration_ms",
        ),
        "currents": (
            stimulus,
            f"about {size.current_values:.2g} values of currents, one for each cell at each step",
            "let all cells have the same (each_cell=false), or a value last longer (interval_ms)",
        ),
        "samples": (duration, f"{size.values:.2g} samples of {', '.join(config.recording.signals)}", _SPARE_MEMORY),
        "spikes": (duration, f"about {size.spikes:.2g} spikes ({ASSUMED_RATE_HZ:g} Hz a cell)", "take a shorter run"),
    }
    largest = max(need.parts, key=lambda part: need.parts[part])
    setting, what, mend = reasons[largest]
    if need.parts[largest] < need.run:
        setting, what, mend = (
            f"backend={config.backend.name}",
            "even a small run",
            "close other programs, or raise the limit",
        )
    return (
        f"{setting} needs about {byte_size(wanted)} of memory for {what}, but only {byte_size(bound.free)} are "
        f"{bound.what}; {mend}"
    )
