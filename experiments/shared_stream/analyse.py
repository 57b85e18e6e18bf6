"""What the tracker's runs say about the shared generator: twins, and what they do to the statistics."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import stats

from varesearch.metrics.statistics import synchrony
from varesearch.metrics.trains import bin_counts, window_trains
from varesearch.plots import style
from varesearch.recording import PopulationRecording, Recording, population_recording
from varesearch.tracking import RunRecord
from varesearch_tools.studies import Claim, StudySession, chosen, finished_runs, provenance, spread
from varesearch_tools.studies.figures import drawing, save
from varesearch_tools.studies.records import arm, seed

NETWORKS = {"trap_seed": "notebook (Izhikevich)", "trap_va_coba": "PyNN's example (COBA)"}
STREAMS = ("own", "shared")
OF_RUN = {
    "exc.rate_hz": "rate, exc (Hz)",
    "inh.rate_hz": "rate, inh (Hz)",
    "exc.cv_isi": "CV of ISI, exc",
    "exc.correlation": "correlation, exc",
    "exc.silent_fraction": "silent fraction, exc",
}
"""Metrics that a run has already."""

OF_TRAINS = {
    "twins": "correlation of inh. cell j with exc. cell j",
    "identical": "pairs with identical trains",
    "chance": "correlation of inh. cell j with exc. cell j + 1",
    "synchrony": "synchrony of all cells",
    "match": "correlation of the two populations' rates",
}
"""What is worked out from the trains here."""

METRICS = {**OF_RUN, **OF_TRAINS}
_BIN_MS, _SHOWN_CELLS, _SHOWN_MS = 5.0, 8, 300.0


def seeds(session: StudySession) -> tuple[int, ...]:
    """Repetitions; a seed gives a pair of networks, one of each kind of streams."""
    return (1,) if session.small else tuple(range(1, 11))


def analyse(session: StudySession) -> dict[str, Any]:
    """Results for the page: each metric for either kind of streams, and their difference, paired by seed; figures."""
    wanted = [(name, kind, number) for name in NETWORKS for kind in STREAMS for number in seeds(session)]
    found = chosen(finished_runs(session.experiment), _key, wanted)
    values: dict[tuple[str, str, str], list[float | None]] = {}
    histograms: dict[tuple[str, str], NDArray[np.float64]] = {}
    for name in NETWORKS:
        for kind in STREAMS:
            records = [found[name, kind, number] for number in seeds(session)]
            measured = [measure(record) for record in records]
            histograms[name, kind] = np.concatenate([pairs for _, pairs in measured])
            for metric in OF_RUN:
                values[name, kind, metric] = [record.metrics.get(metric) for record in records]
            for metric in OF_TRAINS:
                values[name, kind, metric] = [numbers[metric] for numbers, _ in measured]
    results = {
        "seeds": len(seeds(session)),
        "labels": METRICS,
        "networks": {
            name: {"label": label, "metrics": {metric: _compared(values, name, metric) for metric in METRICS}}
            for name, label in NETWORKS.items()
        },
        "provenance": provenance(found.values()),
    }
    with drawing():
        save(_twins_figure(found, histograms, seeds(session)[0]), session.figures, "twins")
    return results


def _key(record: RunRecord) -> tuple[str, str, int]:
    return arm(record), record.params["connectivity.streams"], seed(record)


def _compared(values: Mapping[tuple[str, str, str], list[float | None]], name: str, metric: str) -> dict[str, Any]:
    own, shared = (values[name, kind, metric] for kind in STREAMS)
    differences = [b - a for a, b in zip(own, shared, strict=True) if a is not None and b is not None]
    apart = spread(differences)
    return {
        "own": _plain(spread(own)),
        "shared": _plain(spread(shared)),
        "difference": _plain(apart),
        # Student's interval of the mean difference at 95 %: does it leave out 0?
        "half_width": None if apart is None or apart.n < 2 else _half_width(apart.sd, apart.n),
    }


def _plain(value: Any) -> dict[str, float] | None:
    return None if value is None else value.to_json()


def _half_width(sd: float, n: int) -> float:
    return float(stats.t.ppf(0.975, n - 1) * sd / np.sqrt(n))


def measure(record: RunRecord) -> tuple[dict[str, float], NDArray[np.float64]]:
    """The metrics of :data:`OF_TRAINS`, and the correlation of each inhibitory cell with its excitatory twin."""
    recording = record.recording()
    warmup_ms = float(record.params["analysis.warmup_ms"])
    exc, inh = (_counts(recording, name, warmup_ms) for name in ("exc", "inh"))
    twins = _correlations(exc[: len(inh)], inh)
    others = _correlations(np.roll(exc[: len(inh)], -1, axis=0), inh)
    trains = {name: recording.populations[name].spike_trains() for name in ("exc", "inh")}
    fired = [(a, b) for a, b in zip(trains["exc"], trains["inh"], strict=False) if len(a) or len(b)]
    everyone = window_trains(_all_cells(recording), recording.dt_ms, recording.duration_ms, warmup_ms)
    return {
        "twins": float(np.nanmean(twins)),
        "chance": float(np.nanmean(others)),
        "identical": float(np.mean([np.array_equal(a, b) for a, b in fired])),
        "synchrony": synchrony(bin_counts(everyone, _BIN_MS, "bin")),
        "match": float(_correlations(exc.sum(axis=0, keepdims=True), inh.sum(axis=0, keepdims=True))[0]),
    }, twins[np.isfinite(twins)]


def _counts(recording: Recording, name: str, warmup_ms: float) -> NDArray[np.float64]:
    """Spike counts (cells, bins) after the warm-up."""
    population = recording.populations[name]
    edges = np.arange(warmup_ms, recording.duration_ms + 1e-9, _BIN_MS)
    where = np.digitize(population.spike_times_ms + 1e-9, edges) - 1
    kept = (where >= 0) & (where < len(edges) - 1)
    counts = np.zeros((population.size, len(edges) - 1))
    np.add.at(counts, (population.spike_ids[kept], where[kept]), 1.0)
    return counts


def _correlations(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson's correlation of row k of ``a`` with row k of ``b``; NaN where one of them does not vary."""
    a, b = (rows - rows.mean(axis=1, keepdims=True) for rows in (a, b))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))


def _all_cells(recording: Recording) -> PopulationRecording:
    """Both populations as one."""
    exc, inh = recording.populations["exc"], recording.populations["inh"]
    ids = np.concatenate([exc.spike_ids, inh.spike_ids + exc.size])
    steps = np.rint(np.concatenate([exc.spike_times_ms, inh.spike_times_ms]) / recording.dt_ms).astype(np.int64)
    return population_recording("all", exc.size + inh.size, ids, steps, recording.dt_ms)


def _twins_figure(
    found: Mapping[tuple[str, str, int], RunRecord], pairs: Mapping[tuple[str, str], NDArray[np.float64]], first: int
) -> Figure:
    """Spikes of the first cells and their twins, and how the correlation of all such pairs is distributed."""
    height = 6.6
    figure = style.page(
        "Excitatory cell j and inhibitory cell j",
        f"left: spikes of the first {_SHOWN_CELLS} pairs, seed {first}; right: correlation of the counts of all pairs",
        style.population_colours(["exc", "inh"]),
        height,
    )
    rows = [(name, kind) for name in NETWORKS for kind in STREAMS]
    for row, (name, kind) in enumerate(rows):
        bottom = height - style.TOP_IN - 1.05 - row * 1.33
        axes = style.panel(figure, style.LEFT_IN, bottom, 4.6, 0.95)
        _raster(axes, found[name, kind, first].recording())
        axes.set_title(f"{NETWORKS[name]}: {kind} streams", loc="left", size=9)
        axes.tick_params(labelbottom=row % 2 == 1)
        beside = style.panel(figure, 6.15, bottom, 2.4, 0.95)
        beside.hist(pairs[name, kind], bins=np.linspace(-0.3, 1.0, 66).tolist(), color=style.TEXT_COLOUR)
        beside.set_yscale("log")
        beside.set_xlim(-0.3, 1.03)
        beside.tick_params(labelbottom=row == len(rows) - 1)
        beside.set_ylabel("pairs")
        if row == len(rows) - 1:
            axes.set_xlabel("time (ms)")
            beside.set_xlabel("correlation")
    return figure


def _raster(axes: Axes, recording: Recording) -> None:
    colours = style.population_colours(["exc", "inh"])
    end = recording.duration_ms
    start = max(0.0, end - _SHOWN_MS)
    for shift, name in ((0.2, "exc"), (-0.2, "inh")):
        trains = recording.populations[name].spike_trains()[:_SHOWN_CELLS]
        axes.eventplot(
            trains,
            lineoffsets=[row + shift for row in range(len(trains))],
            linelengths=0.38,
            colors=colours[name],
            lw=1.1,
        )
    axes.set_xlim(start, end)
    axes.set_ylim(-0.6, _SHOWN_CELLS - 0.4)
    axes.set_ylabel("pair j")


def claims(results: Mapping[str, Any]) -> Sequence[Claim]:
    """What the page says in words."""
    networks = {name: network["metrics"] for name, network in results["networks"].items()}

    def apart(name: str, metric: str) -> int:
        """-1 or 1 if the mean difference is beyond its interval, else 0."""
        row = networks[name][metric]
        mean = row["difference"]["mean"]
        return int(np.sign(mean)) if abs(mean) > row["half_width"] else 0

    of_one = [apart(name, metric) for name in networks for metric in OF_RUN]
    coba, notebook = "trap_va_coba", "trap_seed"
    return [
        Claim("every pair is identical", all(rows["identical"]["shared"]["mean"] == 1.0 for rows in networks.values())),
        Claim(
            "with own streams no pair is", all(rows["identical"]["own"]["mean"] == 0.0 for rows in networks.values())
        ),
        Claim("averages over one population do not show it", not any(of_one)),
        Claim("COBA: inhibition follows excitation more closely", apart(coba, "match") == 1),
        Claim("COBA: all cells are less synchronous", apart(coba, "synchrony") == -1),
        Claim("notebook: neither changes", apart(notebook, "match") == apart(notebook, "synchrony") == 0),
        Claim(
            "notebook: the populations go together more than COBA's",
            networks[notebook]["match"]["own"]["mean"] > networks[coba]["match"]["own"]["mean"],
        ),
    ]
