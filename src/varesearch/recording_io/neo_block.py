"""A recording as neo objects and back, for tools that use neo.

The block has one segment. Each cell has a spike train, silent cells too, annotated with ``population`` and ``cell``.
Each signal is one analog signal with a channel for each sampled cell, annotated with ``population``, ``cells``,
``value_type``, the type of the recorded values, and ``unit``, our unit as a JSON string: neo writes µS as uS, and has
no name for some units.
The block's annotations hold ``dt_ms``, ``duration_ms``, and ``populations`` and ``sources``, the sizes by name as JSON
objects. The spike trains of sources are annotated as those of populations are.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from varesearch.recording import PopulationRecording, Recording, Signal, grid_steps, population_recording
from varesearch.whole_files import whole_file

if TYPE_CHECKING:
    import neo

NEO_SUFFIX = ".mat"
"""neo's MATLAB format: MATLAB, scipy and neo read it, and unlike NIX, it does not become slow with many trains.

It keeps no array annotations, turns an array of one into a float and pads the strings of a list to one length, so
none of these is relied upon here.
"""


def to_neo(recording: Recording) -> "neo.Block":
    """Convert a recording to a neo block with one segment; times are in ms, each signal in its own unit.

    Raises ValueError for sample times that are not multiples of the time step.

    Examples
    --------
    >>> exc = population_recording("exc", 2, np.array([1, 0]), np.array([3, 5]), dt_ms=0.5)
    >>> block = to_neo(Recording(0.5, 10.0, {"exc": exc}))
    >>> [(train.annotations["cell"], train.rescale("ms").magnitude.tolist()) for train in block.segments[0].spiketrains]
    [(0, [2.5]), (1, [1.5])]
    >>> from_neo(block).populations["exc"].spike_ids.tolist()
    [1, 0]
    """
    import neo

    segment = neo.Segment(name="run")
    for name, population in (recording.populations | recording.sources).items():
        for cell, train in enumerate(population.spike_trains()):
            segment.spiketrains.append(
                neo.SpikeTrain(train, units="ms", t_stop=recording.duration_ms, population=name, cell=cell)
            )
        for signal in population.signals.values():
            _add_signal(segment, name, signal, recording.dt_ms)
    block = neo.Block(
        dt_ms=recording.dt_ms,
        duration_ms=recording.duration_ms,
        populations=json.dumps({name: population.size for name, population in recording.populations.items()}),
        sources=json.dumps({name: source.size for name, source in recording.sources.items()}),
    )
    block.segments.append(segment)
    return block


def from_neo(block: "neo.Block") -> Recording:
    """Convert a block that :func:`to_neo` made back to an equal recording.

    Raises
    ------
    ValueError
        The block is from elsewhere: annotations are missing, or times are not multiples of the time step.
    """
    try:
        return _from_neo(block)
    except KeyError as error:
        raise ValueError(f"the block is not a recording of ours: it lacks the annotation {error}") from error


def save_neo(recording: Recording, path: Path) -> Path:
    """Write a recording as a neo block to a MATLAB file, completely or not at all.

    Parameters
    ----------
    recording
        The spikes and signals.
    path
        The file, which ends in :data:`NEO_SUFFIX`. An existing file is replaced.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    ValueError
        ``path`` ends in something else.

    Examples
    --------
    >>> exc = population_recording("exc", 2, np.array([1, 0]), np.array([3, 5]), dt_ms=0.5)
    >>> path = save_neo(Recording(0.5, 10.0, {"exc": exc}), Path("recording.mat"))
    >>> load_neo(path).populations["exc"].spike_trains()
    [array([2.5]), array([1.5])]
    """
    import neo.io

    if path.suffix != NEO_SUFFIX:
        raise ValueError(f"{path}: a neo export is written as {NEO_SUFFIX}")
    with whole_file(path) as temporary:
        neo.io.NeoMatlabIO(str(temporary)).write_block(to_neo(recording))
    return path


def load_neo(path: Path) -> Recording:
    """Read a recording that :func:`save_neo` wrote.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file holds no block, or one that :func:`to_neo` did not make.
    """
    import neo.io

    if not path.is_file():
        raise FileNotFoundError(path)
    block = neo.io.NeoMatlabIO(str(path)).read_block()
    if block is None:
        raise ValueError(f"{path} holds no neo block")
    return from_neo(block)


def _add_signal(segment: "neo.Segment", population: str, signal: Signal, dt_ms: float) -> None:
    import neo
    import quantities as pq

    annotations = {
        "population": population,
        "cells": signal.ids,
        "value_type": signal.values.dtype.name,
        "unit": json.dumps(signal.unit),
    }
    if signal.reversal_mv is not None:
        annotations["reversal_mv"] = signal.reversal_mv
    units = _neo_units(signal.unit)
    steps = grid_steps(signal.times_ms, dt_ms, f"sample times of {population}.{signal.name}")
    intervals = np.unique(np.diff(steps)) if len(steps) != 1 else np.ones(1, dtype=np.int64)
    if len(intervals) == 1 and np.array_equal(steps * dt_ms, signal.times_ms):
        segment.analogsignals.append(
            neo.AnalogSignal(
                signal.values,
                units=units,
                sampling_period=intervals[0] * dt_ms * pq.ms,
                t_start=signal.times_ms[0] * pq.ms,
                name=signal.name,
                **annotations,
            )
        )
        return
    segment.irregularlysampledsignals.append(
        neo.IrregularlySampledSignal(
            signal.times_ms, signal.values, units=units, time_units="ms", name=signal.name, **annotations
        )
    )


def _neo_units(unit: str) -> str:
    """Return our unit as neo writes it; what neo does not know is dimensionless there."""
    import quantities as pq

    try:
        return pq.Quantity(1.0, unit.replace("µ", "u")).dimensionality.string
    except Exception:  # quantities evaluates the text, so that it may raise anything
        return "dimensionless"


def _from_neo(block: "neo.Block") -> Recording:
    dt_ms = float(block.annotations["dt_ms"])
    of_populations: dict[str, int] = json.loads(str(block.annotations["populations"]))
    of_sources: dict[str, int] = json.loads(str(block.annotations.get("sources", "{}")))
    sizes = of_populations | of_sources
    segment = block.segments[0]

    times: dict[str, list[np.ndarray]] = {name: [] for name in sizes}
    ids: dict[str, list[np.ndarray]] = {name: [] for name in sizes}
    for train in segment.spiketrains:
        name = train.annotations["population"]
        times[name].append(train.rescale("ms").magnitude)
        ids[name].append(np.full(len(train), train.annotations["cell"]))
    signals: dict[str, dict[str, Signal]] = {name: {} for name in sizes}
    for sampled in (*segment.analogsignals, *segment.irregularlysampledsignals):
        signal = str(sampled.name)
        signals[sampled.annotations["population"]][signal] = _signal(signal, sampled, dt_ms)

    found: dict[str, PopulationRecording] = {}
    for name, size in sizes.items():
        steps = grid_steps(np.concatenate([*times[name], []]), dt_ms, f"spike times of population {name}")
        cells = np.concatenate([*ids[name], []]).astype(np.int32)
        found[name] = population_recording(name, size, cells, steps, dt_ms, signals[name])
    return Recording(
        dt_ms,
        float(block.annotations["duration_ms"]),
        {name: found[name] for name in of_populations},
        {name: found[name] for name in of_sources},
    )


def _signal(name: str, sampled: Any, dt_ms: float) -> Signal:
    import neo

    ids = np.atleast_1d(sampled.annotations["cells"]).astype(np.int32)
    # One sample of many cells comes out of a file as many samples of one.
    values = sampled.magnitude.reshape(-1, len(ids)).astype(str(sampled.annotations["value_type"]))
    if isinstance(sampled, neo.AnalogSignal):
        start, interval = grid_steps(
            np.array([sampled.t_start.rescale("ms").item(), sampled.sampling_period.rescale("ms").item()]),
            dt_ms,
            f"start and interval of {name}",
        )
        times = (start + np.arange(len(values)) * interval).astype(np.float64) * dt_ms
    else:
        times = sampled.times.rescale("ms").magnitude
    # Files of earlier versions have no such annotation.
    unit = sampled.annotations.get("unit")
    written = sampled.units.dimensionality.string if unit is None else json.loads(str(unit))
    reversal = sampled.annotations.get("reversal_mv")
    reversal_mv = None if reversal is None else np.atleast_1d(reversal).astype(np.float64)
    return Signal(name, written, ids, times, values, reversal_mv)
