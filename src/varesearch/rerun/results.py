"""The differences between two recordings of one configuration, bit for bit."""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from varesearch.recording import PopulationRecording, Recording, Signal, grid_steps

_METRICS_FILE = "metrics.csv"


def recording_differences(original: Recording, again: Recording) -> list[str]:
    """Return a line for each population whose spikes differ and each signal that differs; [] if nothing differs."""
    lines = []
    for what in ("dt_ms", "duration_ms"):
        if getattr(original, what) != getattr(again, what):
            lines.append(f"{what}: {getattr(original, what):g}, now {getattr(again, what):g}")
    if list(original.populations) != list(again.populations):
        return [*lines, f"populations: {', '.join(original.populations)}, now {', '.join(again.populations)}"]
    for name, population in original.populations.items():
        other = again.populations[name]
        if population.size != other.size:
            lines.append(f"{name}: {population.size} cells, now {other.size}")
            continue
        lines += _spike_differences(name, population, other, original.dt_ms)
        if sorted(population.signals) != sorted(other.signals):
            lines.append(f"{name}: signals {_listed(population)}, now {_listed(other)}")
            continue
        for key, signal in population.signals.items():
            lines += _signal_differences(f"{key} of {name}", signal, other.signals[key])
    return lines


def metric_differences(original: Path, again: Path) -> list[str]:
    """Return a line for each metric in ``metrics.csv`` of two folders whose value, or why it is undefined, differs."""
    before, now = (_metrics(folder / _METRICS_FILE) for folder in (original, again))
    return [
        f"{metric} of {population}: {before.get(key, 'not measured')}, now {now.get(key, 'not measured')}"
        for key in dict.fromkeys([*before, *now])
        for population, metric in [key]
        if before.get(key) != now.get(key)
    ]


def _spike_differences(name: str, original: PopulationRecording, again: PopulationRecording, dt_ms: float) -> list[str]:
    if all(np.array_equal(getattr(original, key), getattr(again, key)) for key in ("spike_ids", "spike_times_ms")):
        return []
    before, now = (_codes(population, dt_ms) for population in (original, again))
    gone, new = np.setdiff1d(before, now), np.setdiff1d(now, before)
    if not len(gone) and not len(new):
        return [f"spikes of {name}: the same, in another order"]
    first = min(np.concatenate([gone[:1], new[:1]]))
    when, cell = int(first) // original.size, int(first) % original.size
    whose = "the original" if first in gone else "the rerun"
    return [
        f"spikes of {name}: {len(before):,}, now {len(now):,}; {len(gone):,} are gone and {len(new):,} new; the first, "
        f"of cell {cell} at {when * dt_ms:g} ms, only {whose} has"
    ]


def _codes(population: PopulationRecording, dt_ms: float) -> NDArray[np.int64]:
    """Return one number for each spike, step * size + cell, in rising order."""
    steps = grid_steps(population.spike_times_ms, dt_ms, f"spike times of population {population.name}")
    return np.sort(steps * population.size + population.spike_ids)


def _signal_differences(what: str, original: Signal, again: Signal) -> list[str]:
    for field in ("unit", "ids", "times_ms"):
        if not np.array_equal(getattr(original, field), getattr(again, field)):
            return [f"{what}: its {field.replace('_', ' ')} differ"]
    if original.values.dtype != again.values.dtype or original.values.shape != again.values.shape:
        kinds = [f"{signal.values.dtype} {signal.values.shape}" for signal in (original, again)]
        return [f"{what}: {kinds[0]}, now {kinds[1]}"]
    # As bits: a NaN is the same as itself, and 0 is not -0.
    bits = f"u{original.values.dtype.itemsize}"
    differs = np.ascontiguousarray(original.values).view(bits) != np.ascontiguousarray(again.values).view(bits)
    if not differs.any():
        return []
    sample = int(np.argmax(differs.any(axis=1)))
    gap = np.abs(original.values.astype(np.float64) - again.values.astype(np.float64))
    largest = (
        f"by up to {np.nanmax(gap):.3g} {original.unit}" if np.isfinite(gap).any() else "all in what is not finite"
    )
    return [
        f"{what}: {differs.sum():,} of {differs.size:,} samples differ, {largest}, the first at "
        f"{original.times_ms[sample]:g} ms"
    ]


def _listed(population: PopulationRecording) -> str:
    return ", ".join(population.signals) or "none"


def _metrics(path: Path) -> dict[tuple[str, str], str]:
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {
            (row["population"], row["metric"]): row["value"] or f"undefined, {row['undefined because']}"
            for row in csv.DictReader(file)
        }
