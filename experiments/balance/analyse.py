"""What the tracker's runs say about the balance: four maps, the regimes, and what the page claims of them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from varesearch.plots import style
from varesearch.tracking import RunRecord
from varesearch_tools.studies import Claim, StudySession, chosen, finished_runs, provenance, spread
from varesearch_tools.studies.figures import drawing, save
from varesearch_tools.studies.records import seed

METRICS = {
    "rate_hz": "rate (Hz)",
    "cv_isi": "CV of ISI",
    "synchrony": "synchrony",
    "silent_fraction": "silent fraction",
}
RHEOBASE = 4.0
"""mV/ms. With b = 0.2 the cell's rest exists while 0.04 v² + 4.8 v + 140 + i has a root, which is up to i = 4."""

REGIMES = ("silent", "balanced", "driven", "synchronous", "saturated")
_COLOURS = ("#DDDDDD", "#66C2A5", "#FFD92F", "#E78AC3", "#FC8D62")
SILENT_HZ, SATURATED_HZ, SYNCHRONOUS = 1.0, 100.0, 0.3

SEED_POINT = (5.0, 2.5)
"""i_offset and w_inh / w_exc of the notebook."""


def currents(session: StudySession) -> tuple[float, ...]:
    """The values of i_offset (mV/ms)."""
    return (3.0, 5.0) if session.small else (2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 11.0, 15.0)


def ratios(session: StudySession) -> tuple[float, ...]:
    """The values of w_inh / w_exc."""
    return (0.0, 2.5) if session.small else (0.0, 1.0, 2.0, 2.5, 4.0, 6.0, 8.0, 12.0)


def seeds(session: StudySession) -> tuple[int, ...]:
    """Repetitions."""
    return (1,) if session.small else (1, 2, 3)


def analyse(session: StudySession) -> dict[str, Any]:
    """Results for the page: at every point the metrics over seeds, the mean input and the regime; the figures."""
    points = [(current, ratio) for current in currents(session) for ratio in ratios(session)]
    wanted = [(current, ratio, number) for current, ratio in points for number in seeds(session)]
    found = chosen(finished_runs(session.experiment), _key, wanted)
    at = {(i, g): [found[i, g, number] for number in seeds(session)] for i, g in points}
    maps = {name: _map(session, at, lambda run, name=name: run.metrics.get(f"exc.{name}")) for name in METRICS}
    maps["input"] = _map(session, at, mean_input)
    places = [[(row, column) for column in range(len(currents(session)))] for row in range(len(ratios(session)))]
    regimes = [
        [regime(*(maps[name][0][place] for name in ("rate_hz", "synchrony", "input"))) for place in row]
        for row in places
    ]
    with drawing():
        save(_maps_figure(session, maps), session.figures, "maps")
        save(_regimes_figure(session, maps["input"][0], regimes), session.figures, "regimes")
    return {
        "seeds": len(seeds(session)),
        "currents": list(currents(session)),
        "ratios": list(ratios(session)),
        "maps": {name: _plain(mean, sd, len(seeds(session))) for name, (mean, sd) in maps.items()},
        "regimes": regimes,
        "last_ms": {
            f"{i:g} {g:g}": _last(at[i, g])
            for row, g in enumerate(ratios(session))
            for column, i in enumerate(currents(session))
            if regimes[row][column] == "silent"
        },
        "count": {name: sum(row.count(name) for row in regimes) for name in REGIMES},
        "limits": {
            "silent_hz": SILENT_HZ,
            "saturated_hz": SATURATED_HZ,
            "synchrony": SYNCHRONOUS,
            "rheobase": RHEOBASE,
        },
        "provenance": provenance(found.values()),
    }


def _key(record: RunRecord) -> tuple[float, float, int]:
    parameters = record.params
    return float(parameters["cell.i_offset"]), float(parameters["cell.weight_inh"]), seed(record)


def mean_input(record: RunRecord) -> float:
    """The mean current into a cell (mV/ms): i_offset, and what the measured rates bring through the mean in-degree.

    A spike of weight w brings w dt / (1 - exp(-dt / tau)) in all, as Brian2's Euler scheme sums the decaying current.
    """
    settings = {key: float(record.params[key]) for key in _NEEDED}
    dt, share = settings["simulation.dt_ms"], settings["connectivity.exc_inh_ratio"]
    onto = settings["connectivity.n"] * settings["connectivity.p"]
    exc = settings["cell.weight_exc"] * onto * share / (1 + share) * record.metrics["exc.rate_hz"]
    inh = settings["cell.weight_inh"] * onto / (1 + share) * record.metrics["inh.rate_hz"]
    charge = {tau: dt / -math.expm1(-dt / settings[f"cell.{tau}"]) for tau in ("tau_syn_E", "tau_syn_I")}
    return settings["cell.i_offset"] + (charge["tau_syn_E"] * exc - charge["tau_syn_I"] * inh) / 1000.0


_NEEDED = (
    "simulation.dt_ms",
    "connectivity.n",
    "connectivity.p",
    "connectivity.exc_inh_ratio",
    "cell.weight_exc",
    "cell.weight_inh",
    "cell.i_offset",
    "cell.tau_syn_E",
    "cell.tau_syn_I",
)


def regime(rate_hz: float, synchrony: float, current: float) -> str:
    """The first that fits; of what is left, either fluctuations fire the cells, or their mean input would alone."""
    if rate_hz < SILENT_HZ:
        return "silent"
    if rate_hz > SATURATED_HZ:
        return "saturated"
    if synchrony > SYNCHRONOUS:
        return "synchronous"
    return "balanced" if current < RHEOBASE else "driven"


def _map(
    session: StudySession, at: Mapping[tuple[float, float], Sequence[RunRecord]], value: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation over seeds, (ratios, currents); NaN where a seed has no value."""
    shape = len(ratios(session)), len(currents(session)), len(seeds(session))
    values = np.full(shape, np.nan)
    for row, ratio in enumerate(ratios(session)):
        for column, current in enumerate(currents(session)):
            for place, record in enumerate(at[current, ratio]):
                found = value(record)
                values[row, column, place] = np.nan if found is None else found
    deviation = values.std(axis=2, ddof=1) if shape[2] > 1 else np.where(np.isnan(values[:, :, 0]), np.nan, 0.0)
    return values.mean(axis=2), deviation


def _last(records: Sequence[RunRecord]) -> dict[str, float] | None:
    """The time of the last spike (ms) over seeds."""
    trains = [record.recording().populations.values() for record in records]
    last = spread(max((each.spike_times_ms.max(initial=0.0) for each in train), default=0.0) for train in trains)
    return None if last is None else last.to_json()


def _plain(mean: NDArray[np.float64], sd: NDArray[np.float64], n: int) -> list[list[dict[str, float] | None]]:
    return [
        [None if np.isnan(m) else {"mean": float(m), "sd": float(s), "n": n} for m, s in zip(*rows, strict=True)]
        for rows in zip(mean, sd, strict=True)
    ]


def _maps_figure(session: StudySession, maps: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]) -> Figure:
    height = 7.1
    figure = style.page(
        "Rate, regularity, synchrony and silence", "excitatory cells, mean over seeds; box: the notebook", {}, height
    )
    for place, (name, label) in enumerate(METRICS.items()):
        row, column = divmod(place, 2)
        left, bottom = style.LEFT_IN + column * 4.2, height - style.TOP_IN - 2.6 - row * 3.0
        axes = style.panel(figure, left, bottom, 3.0, 2.35)
        _heat(figure, axes, session, maps[name][0], label)
        axes.set_xlabel("i_offset (mV/ms)" if row else "")
        axes.set_ylabel("w_inh / w_exc" if not column else "")
    style.note(figure, "grey: not defined (too few spikes)")
    return figure


def _heat(figure: Figure, axes: Axes, session: StudySession, values: NDArray[np.float64], label: str) -> None:
    axes.set_facecolor("#BBBBBB")
    image = axes.imshow(values, origin="lower", aspect="auto", cmap=style.ORDERED_MAP)
    _ticks(axes, session)
    axes.set_title(label, loc="left")
    bar = figure.colorbar(image, ax=axes, pad=0.03, fraction=0.05)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    low, high = (
        np.min(values, initial=np.inf, where=np.isfinite(values)),
        np.max(values, initial=-np.inf, where=np.isfinite(values)),
    )
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            dark = high > low and (value - low) / (high - low) < 0.6
            axes.text(
                column,
                row,
                f"{value:.3g}" if value >= 100 else f"{value:.2g}",
                size=6.5,
                ha="center",
                va="center",
                color="white" if dark else "black",
            )


def _ticks(axes: Axes, session: StudySession) -> None:
    axes.set_xticks(range(len(currents(session))), [f"{value:g}" for value in currents(session)])
    axes.set_yticks(range(len(ratios(session))), [f"{value:g}" for value in ratios(session)])
    if SEED_POINT[0] in currents(session) and SEED_POINT[1] in ratios(session):
        x, y = currents(session).index(SEED_POINT[0]), ratios(session).index(SEED_POINT[1])
        axes.plot(
            [x - 0.5, x + 0.5, x + 0.5, x - 0.5, x - 0.5],
            [y - 0.5, y - 0.5, y + 0.5, y + 0.5, y - 0.5],
            color="red",
            lw=1.6,
        )


def _regimes_figure(session: StudySession, current: NDArray[np.float64], regimes: Sequence[Sequence[str]]) -> Figure:
    height = 4.3
    figure = style.page("Regimes", "number: mean input to a cell in mV/ms; box: the notebook", {}, height)
    axes = style.panel(figure, style.LEFT_IN, style.BOTTOM_IN, 5.4, height - style.TOP_IN - style.BOTTOM_IN - 0.1)
    numbers = np.array([[REGIMES.index(name) for name in row] for row in regimes])
    norm = BoundaryNorm(np.arange(len(REGIMES) + 1) - 0.5, len(REGIMES))
    axes.imshow(numbers, origin="lower", aspect="auto", cmap=ListedColormap(_COLOURS), norm=norm)
    _ticks(axes, session)
    axes.set_xlabel("i_offset (mV/ms)")
    axes.set_ylabel("w_inh / w_exc")
    for (row, column), value in np.ndenumerate(current):
        axes.text(column, row, style.number(float(f"{value:.2g}")), size=8, ha="center", va="center")
    words = (
        f"silent: below {SILENT_HZ:g} Hz",
        f"balanced: mean input below {RHEOBASE:g},\nfluctuations fire the cells",
        "driven: the mean input\nalone fires the cells",
        f"synchronous: synchrony above {SYNCHRONOUS:g}",
        f"saturated: above {SATURATED_HZ:g} Hz",
    )
    for place, (colour, meaning) in enumerate(zip(_COLOURS, words, strict=True)):
        y = height - style.TOP_IN - 0.4 - 0.55 * place
        figure.text(6.55 / style.PAGE_WIDTH_IN, y / height, "■", color=colour, size=15, va="center")
        figure.text(6.8 / style.PAGE_WIDTH_IN, y / height, meaning, size=8.5, va="center")
    return figure


def claims(results: Mapping[str, Any]) -> list[Claim]:
    """What the page says in words."""
    maps, currents_of, ratios_of = results["maps"], results["currents"], results["ratios"]

    def at(name: str, current: float, ratio: float) -> float:
        return maps[name][ratios_of.index(ratio)][currents_of.index(current)]["mean"]

    def regimes_of(ratio: float) -> list[str]:
        return results["regimes"][ratios_of.index(ratio)]

    strong, firing = [ratio for ratio in ratios_of if ratio >= 4.0], [i for i in currents_of if i >= 3.0]
    synchronies = [[at("synchrony", i, g) for g in ratios_of if g < 4.0] for i in (5.0, 8.0)]
    return [
        Claim(
            "from a ratio of 4 on asynchronous wherever it fires",
            all(set(regimes_of(g)) <= {"silent", "balanced", "driven"} for g in strong)
            and all(at("synchrony", i, g) < 0.15 for g in strong for i in firing),
        ),
        Claim("synchronous the more the less inhibition", all(row == sorted(row, reverse=True) for row in synchronies)),
        Claim("balanced only above it", all("balanced" not in regimes_of(g) for g in ratios_of if g < 4.0)),
        Claim("balanced at 12 at every current that fires", set(regimes_of(12.0)[1:]) == {"balanced"}),
        Claim("on the line balanced at 3 and 4 only", regimes_of(4.0)[1:].count("balanced") == 2),
        Claim("the CV rises along it", at("cv_isi", 15.0, 12.0) > at("cv_isi", 15.0, 4.0) + 0.2),
        Claim("the notebook is driven", regimes_of(2.5)[currents_of.index(5.0)] == "driven"),
        Claim("6 balances it", regimes_of(6.0)[currents_of.index(5.0)] == "balanced"),
        Claim("saturated without inhibition", regimes_of(0.0)[-1] == "saturated"),
        Claim("2 is silent", all(regimes_of(g)[0] == "silent" for g in ratios_of)),
        Claim(
            "3 fires from 4 on and not below",
            [regimes_of(g)[currents_of.index(3.0)] != "silent" for g in ratios_of] == [g >= 4.0 for g in ratios_of],
        ),
    ]
