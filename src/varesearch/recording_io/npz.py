"""A recording as one compressed numpy file: small, quick, and equal after loading.

Plain numpy opens it (``numpy.load(path)``). For a population ``exc`` sampled for ``v`` it holds

====================  =======================================================================
``dt_ms``             time step
``duration_ms``       simulated time
``populations``       names, in order
``exc.size``          number of cells
``exc.spike_ids``     int32 (spikes,), sorted by time, then cell
``exc.spike_steps``   int32 (spikes,): the time is ``spike_steps * dt_ms``
``exc.receptor``      excitatory, inhibitory, or nothing
``exc.signals``       names of the signals
``exc.v.unit``        their unit
``exc.v.ids``         int32 (cells,)
``exc.v.times_ms``    float64 (samples,)
``exc.v.values``      (samples, cells), of the type that was recorded (float32 halves the file)
``exc.g.reversal_mv`` of a conductance ``g``, float64 (cells,): the potential to which it drives v
``sources``           names of the groups of sources; each has ``size``, ``spike_ids`` and
                      ``spike_steps`` as a population has. Files before version 1.3 lack it
``weights``           names of the projections that learn; for ``inh_to_exc`` there are
                      ``weights.inh_to_exc.unit``, ``sources`` and ``targets`` (int32),
                      ``initial`` and ``final`` (float64), all (synapses,), and the bounds
                      ``low`` and ``high``. A file has it only if a projection learns
====================  =======================================================================
"""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from varesearch.free_memory import memory_bounds
from varesearch.narrowing import int32
from varesearch.recording import PopulationRecording, ProjectionWeights, Recording, Signal, grid_steps
from varesearch.whole_files import whole_file

FORMAT = 1
"""Version of the layout above, stored as ``format``."""

# What numpy, zipfile and zlib raise for files that are incomplete, or made to do harm.
_BROKEN = (
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    ArithmeticError,
    OSError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)

# Noise in the last bits is most of a signal: a higher level costs twice the time and saves 1 %.
_COMPRESSION_LEVEL = 1


def save_npz(recording: Recording, path: Path) -> Path:
    """Write a recording to a compressed numpy file, completely or not at all.

    Parameters
    ----------
    recording
        The spikes and signals.
    path
        The file, whose folder exists. An existing file is replaced.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    ValueError
        A spike time is not a multiple of ``recording.dt_ms``, so that the file could not hold it exactly.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from varesearch.recording import population_recording
    >>> exc = population_recording("exc", 2, np.array([1, 0]), np.array([3, 5]), dt_ms=0.1)
    >>> path = save_npz(Recording(0.1, 1.0, {"exc": exc}), Path("recording.npz"))
    >>> load_npz(path).populations["exc"].spike_trains()
    [array([0.5]), array([0.3])]
    """
    arrays = _arrays(recording)
    with (
        whole_file(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION_LEVEL) as archive,
    ):
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(values), allow_pickle=False)
    return path


def load_npz(path: Path) -> Recording:
    """Read a recording that :func:`save_npz` wrote; every array has the same values and type.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is incomplete, is not a recording, or does not fit into memory.
    """
    try:
        data = np.load(path, allow_pickle=False)
        if not isinstance(data, np.lib.npyio.NpzFile):
            raise ValueError("it holds a single array")
        with data:
            assert data.zip is not None
            _refuse_what_does_not_fit(data.zip)
            arrays = {name: data[name] for name in data.files}
        version = int(arrays["format"])
        if version != FORMAT:
            raise ValueError(f"its layout is version {version}, this program reads version {FORMAT}")
        return _recording(arrays)
    except FileNotFoundError:
        raise
    except KeyError as error:
        raise ValueError(f"{path} is not a saved recording: it has no {error}") from error
    except MemoryError:
        raise ValueError(f"{path} cannot be read as a saved recording: it does not fit into memory") from None
    except _BROKEN as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path} cannot be read as a saved recording: {reason}") from error


def _refuse_what_does_not_fit(archive: zipfile.ZipFile) -> None:
    """Raise ValueError if the arrays would not fit into memory: a compressed file of a few MB can hold many GB."""
    needed, free = sum(member.file_size for member in archive.infolist()), memory_bounds()[0].free
    if needed > free:
        raise ValueError(f"its arrays take {needed / 1e9:,.1f} GB, but only {free / 1e9:,.1f} GB of memory are free")


def _arrays(recording: Recording) -> dict[str, Any]:
    arrays: dict[str, Any] = {
        "format": FORMAT,
        "dt_ms": recording.dt_ms,
        "duration_ms": recording.duration_ms,
        "populations": np.array(list(recording.populations), dtype=np.str_),
        "sources": np.array(list(recording.sources), dtype=np.str_),
    }
    for name, population in (recording.populations | recording.sources).items():
        steps = grid_steps(population.spike_times_ms, recording.dt_ms, f"spike times of population {name}")
        if not np.array_equal(steps * recording.dt_ms, population.spike_times_ms):
            raise ValueError(f"spike times of population {name} are not steps * {recording.dt_ms:g} ms exactly")
        arrays[f"{name}.size"] = population.size
        arrays[f"{name}.receptor"] = population.receptor
        arrays[f"{name}.spike_ids"] = int32(population.spike_ids, f"spikes of {name}")
        arrays[f"{name}.spike_steps"] = int32(steps, f"steps of spikes of {name}")
        if name in recording.populations:
            arrays[f"{name}.signals"] = np.array(list(population.signals), dtype=np.str_)
        for key, signal in population.signals.items():
            arrays[f"{name}.{key}.unit"] = signal.unit
            arrays[f"{name}.{key}.ids"] = signal.ids
            arrays[f"{name}.{key}.times_ms"] = signal.times_ms
            arrays[f"{name}.{key}.values"] = signal.values
            if signal.reversal_mv is not None:
                arrays[f"{name}.{key}.reversal_mv"] = signal.reversal_mv
    if recording.weights:
        arrays["weights"] = np.array(list(recording.weights), dtype=np.str_)
    for name, weights in recording.weights.items():
        for key in ("unit", *_OF_SYNAPSES, "low", "high"):
            arrays[f"weights.{name}.{key}"] = getattr(weights, key)
    return arrays


_OF_SYNAPSES = ("sources", "targets", "initial", "final")


def _recording(arrays: Mapping[str, np.ndarray]) -> Recording:
    dt_ms, duration_ms = float(arrays["dt_ms"]), float(arrays["duration_ms"])
    populations = {name: _population(arrays, name, dt_ms) for name in arrays["populations"].tolist()}
    names = arrays["sources"].tolist() if "sources" in arrays else []  # an earlier version did not record them
    sources = {name: _population(arrays, name, dt_ms) for name in names}
    for population in (*populations.values(), *sources.values()):
        _check(population)
    if not (0 < dt_ms < np.inf and 0 < duration_ms < np.inf):
        raise ValueError("its time step or its duration is not positive")
    learned = arrays["weights"].tolist() if "weights" in arrays else []
    return Recording(dt_ms, duration_ms, populations, sources, {name: _weights(arrays, name) for name in learned})


def _weights(arrays: Mapping[str, np.ndarray], name: str) -> ProjectionWeights:
    of_synapses = {key: arrays[f"weights.{name}.{key}"] for key in _OF_SYNAPSES}
    if len({values.shape for values in of_synapses.values()}) != 1 or of_synapses["initial"].ndim != 1:
        raise ValueError(f"the weights of {name} do not have one value for each synapse")
    if not all(np.issubdtype(of_synapses[key].dtype, np.floating) for key in ("initial", "final")):
        raise ValueError(f"the weights of {name} do not consist of numbers")
    low, high = (float(arrays[f"weights.{name}.{key}"]) for key in ("low", "high"))
    return ProjectionWeights(name, str(arrays[f"weights.{name}.unit"]), **of_synapses, low=low, high=high)


def _population(arrays: Mapping[str, np.ndarray], name: str, dt_ms: float) -> PopulationRecording:
    signals = {
        key: Signal(
            name=key,
            unit=str(arrays[f"{name}.{key}.unit"]),
            ids=arrays[f"{name}.{key}.ids"],
            times_ms=arrays[f"{name}.{key}.times_ms"],
            values=arrays[f"{name}.{key}.values"],
            reversal_mv=arrays.get(f"{name}.{key}.reversal_mv"),  # an earlier version did not keep it
        )
        for key in arrays.get(f"{name}.signals", np.empty(0)).tolist()
    }
    return PopulationRecording(
        name=name,
        size=int(arrays[f"{name}.size"]),
        spike_ids=arrays[f"{name}.spike_ids"],
        spike_times_ms=arrays[f"{name}.spike_steps"] * dt_ms,
        signals=signals,
        receptor=str(arrays.get(f"{name}.receptor", "")),  # an earlier version did not keep it
    )


def _check(population: PopulationRecording) -> None:
    """Raise ValueError for arrays that are inconsistent."""
    ids, times, name = population.spike_ids, population.spike_times_ms, population.name
    if ids.ndim != 1 or ids.shape != times.shape or not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(f"the spikes of {name} do not have one cell and one time each")
    if population.size < 1 or (len(ids) and not (ids.min() >= 0 and ids.max() < population.size)):
        raise ValueError(f"a spike of {name} belongs to a cell outside 0..{population.size - 1}")
    for key, signal in population.signals.items():
        if signal.values.shape != (*signal.times_ms.shape, *signal.ids.shape) or signal.values.ndim != 2:
            raise ValueError(f"{key} of {name} does not have one value for each sampled step and cell")
        if not (np.issubdtype(signal.values.dtype, np.floating) and np.issubdtype(signal.ids.dtype, np.integer)):
            raise ValueError(f"{key} of {name} does not consist of numbers")
        reversal = signal.reversal_mv
        if reversal is not None and not (
            reversal.shape == signal.ids.shape and np.issubdtype(reversal.dtype, np.floating)
        ):
            raise ValueError(f"{key} of {name} does not have one reversal potential for each sampled cell")
