"""The figures of the page: speed against size, where the time goes, history."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from varesearch.plots.style import LEFT_IN, PAGE_WIDTH_IN, PNG_DPI, QUIET_COLOUR, RC, note, page, panel, say
from varesearch_tools.benchmarks.names import NETWORKS, PHASES, PROGRAMS, SIMULATORS
from varesearch_tools.benchmarks.published import PUBLISHED
from varesearch_tools.benchmarks.quantities import BOARD, figures_of, ratio
from varesearch_tools.benchmarks.session import BenchmarkSession, Result

COLOURS = {
    "brian2_numpy": "#0072B2",
    "brian2_cython": "#56B4E9",
    "brian2_cpp": "#009E73",
    "nest_1": "#E69F00",
    "nest_2": "#D55E00",
    BOARD: "#CC79A7",
}
"""Okabe and Ito's, as in all figures."""

_PHASE_COLOURS = ("#BBBBBB", "#56B4E9", "#E69F00", "#009E73", "#0072B2", "#CC79A7", "#F0E442", "#D55E00", "#777777")
_GAP_IN = 0.25

SHORTEST_MS = 200.0
"""Simulated time from which on a case tells a speed: shorter ones are there to try things out."""


def write_figures(sessions: Sequence[BenchmarkSession], folder: Path) -> list[Path]:
    """Draw the last session, and the history of all, as PNG files in ``folder``."""
    session = sessions[-1]
    with rc_context(RC):
        figures = {
            "benchmarks_speed.png": draw_speed(session),
            "benchmarks_phases.png": draw_phases(session),
            "benchmarks_history.png": draw_history(sessions),
        }
        folder.mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            figure.savefig(folder / name, dpi=PNG_DPI, metadata={"Software": None})
    return [folder / name for name in figures]


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """The exponent of a power law through (size, factor), by least squares on logarithms; None below three points."""
    if len(points) < 3:
        return None
    sizes, factors = np.log([list(pair) for pair in points]).T
    return float(np.polyfit(sizes, factors, 1)[0])


def speed_points(session: BenchmarkSession, network: str, program: str, simulator: str) -> list[tuple[float, float]]:
    """(cells, real-time factor) of the cases that record spikes only, warm, by size; the board's is its CPU time."""
    name = "board.realtime_factor" if simulator == BOARD else "realtime_factor"
    found = []
    for result in session.results.values():
        case = result.case
        matches = (case.network, case.program, case.simulator) == (network, program, simulator)
        if not matches or case.with_v or case.cache == "cold" or case.duration_ms < SHORTEST_MS:
            continue
        factor = figures_of(result, session).get(name)
        if factor is not None:
            found.append((float(case.cells), factor))
    return sorted(found)


def draw_speed(session: BenchmarkSession) -> Figure:
    """Real-time factor against size for each network, log-log, with slopes; published figures in a panel apart."""
    height_in, bottom_in, panel_in, published_in = 5.2, 1.45, 1.72, 1.95
    title = f"seconds of wall time for a simulated one; {session.name}"
    figure = page("Real-time factor against network size", title, {}, height_in)
    tall_in = height_in - bottom_in - 1.0
    panels = {
        network: panel(figure, LEFT_IN + k * (panel_in + _GAP_IN), bottom_in, panel_in, tall_in)
        for k, network in enumerate(NETWORKS)
    }
    apart = panel(figure, LEFT_IN + len(panels) * (panel_in + _GAP_IN), bottom_in, published_in, tall_in)
    _draw_published(apart)
    for network, axes in panels.items():
        for simulator, colour in COLOURS.items():
            native = speed_points(session, network, simulator.partition("_")[0], simulator)
            axes.plot(*_columns(native), color=colour, lw=1.0, ls=(0, (4, 2)), marker=".", ms=4, alpha=0.8)
            axes.plot(*_columns(_ours(session, network, simulator)), color=colour, lw=1.8, marker="o", ms=4.5)
        axes.plot(*_columns(_hardware(session, network)), color=COLOURS[BOARD], ls="", marker="D", ms=6, mfc="none")
        axes.set(xscale="log", yscale="log", xlabel="cells", xlim=(300, 90_000))
        axes.set_title(NETWORKS[network], loc="left")
    everywhere = [*panels.values(), apart]
    limits = [edge for axes in everywhere for edge in axes.dataLim.intervaly if np.isfinite(edge) and edge > 0]
    low, high = min(limits) / 2, max(limits) * 2
    for axes in everywhere:
        axes.set_ylim(low, high)
        axes.axhline(1.0, color=QUIET_COLOUR, lw=0.7)
        if axes is not everywhere[0]:
            axes.tick_params(labelleft=False)
    for network, axes in panels.items():
        lines = [(points, COLOURS[name]) for name in COLOURS if len(points := _ours(session, network, name)) > 2]
        places = _spread([np.log10(points[-1][1]) for points, _ in lines], 0.13 * np.log10(high / low) / tall_in)
        for (points, colour), place in zip(lines, places, strict=True):
            at = (points[-1][0] * 1.15, 10**place)
            axes.annotate(f"{slope(points):.2f}", at, color=colour, size=8, va="center")
    everywhere[0].set_ylabel("wall time / simulated time")
    _key_of_speed(figure, height_in)
    note(figure, "Numbers at the lines: exponent of the growth with size; a cell has as many synapses at every size.")
    return figure


def _ours(session: BenchmarkSession, network: str, simulator: str) -> list[tuple[float, float]]:
    return speed_points(session, network, "varesearch", simulator)


def _spread(places: Sequence[float], gap: float) -> list[float]:
    """The places, moved up as little as it takes to be ``gap`` apart."""
    moved = list(places)
    last = -np.inf
    for k in np.argsort(places):
        last = moved[k] = max(places[k], last + gap)
    return moved


def _hardware(session: BenchmarkSession, network: str) -> list[tuple[float, float]]:
    points = []
    for result in session.results.values():
        factor = figures_of(result, session).get("hardware.realtime_factor")
        if factor is not None and result.case.network == network and result.case.cache != "cold":
            points.append((float(result.case.cells), factor))
    return sorted(points)


def _draw_published(axes: Axes) -> None:
    for place, point in enumerate(sorted(PUBLISHED, key=lambda point: -point.realtime_factor)):
        axes.plot(place, point.realtime_factor, color=QUIET_COLOUR, marker="x", ms=6, ls="")
        side = 1 if place < len(PUBLISHED) / 2 - 1 else -1
        axes.annotate(
            f"{point.system.partition(',')[0]} {point.study[-4:]}",
            (place, point.realtime_factor),
            (6 * side, 7 if side > 0 else -3),
            textcoords="offset points",
            size=7,
            color=QUIET_COLOUR,
            ha="left" if side > 0 else "right",
            va="center",
        )
    axes.set(yscale="log", xlim=(-0.7, len(PUBLISHED) - 0.3), xticks=[], xlabel="published: PD14, 77,169 cells")
    axes.set_title("another network", loc="left", color=QUIET_COLOUR)
    axes.set_facecolor("#F6F6F6")


def _key_of_speed(figure: Figure, height_in: float) -> None:
    left, row = LEFT_IN / PAGE_WIDTH_IN, 0.78 / height_in
    for place, (simulator, colour) in enumerate(COLOURS.items()):
        figure.text(left + 0.148 * place, row, SIMULATORS[simulator], color=colour, size=8.5, weight="bold")
    text = "solid: varesearch (the software board: its CPU time)    dashed: native script"
    figure.text(left, 0.56 / height_in, text, size=8.5, color=QUIET_COLOUR)
    text = "diamond: SpiNNaker hardware, estimated from counted cycles    cross: as published, of another network"
    figure.text(left, 0.36 / height_in, text, size=8.5, color=QUIET_COLOUR)


def draw_phases(session: BenchmarkSession) -> Figure:
    """Where the wall time of a process goes: one bar for each case of the seed network at its own size."""
    results = [r for r in session.results.values() if (r.case.network, r.case.cells) == ("seed", 1500)]
    height_in = 1.7 + 0.26 * len(results)
    figure = page("Where the time goes", f"seed network, 1500 cells; {session.name}", {}, height_in)
    axes = panel(figure, 3.3, 0.75, PAGE_WIDTH_IN - 3.3 - 1.0, height_in - 1.7)
    names = [name for name in PHASES if any(name in one.measured.phases for r in results for one in r.repetitions)]
    for row, result in enumerate(results):
        one = min(result.repetitions, key=lambda repetition: repetition.process.wall_s)
        begin = 0.0
        for name in names:
            share = one.measured.phases[name].wall_s / one.process.wall_s if name in one.measured.phases else 0.0
            colour = _PHASE_COLOURS[PHASES.index(name)]
            axes.barh(row, share, left=begin, color=colour, height=0.75, label=name if row == 0 else None)
            begin += share
        axes.text(1.01, row, f"{one.process.wall_s:.3g} s", va="center", size=8.5)
    axes.set(xlim=(0, 1), xlabel="share of the process's wall time (the rest: interpreter, start and end)")
    axes.set_yticks(range(len(results)), [_case_label(result) for result in results])
    axes.invert_yaxis()
    figure.legend(
        *axes.get_legend_handles_labels(), ncols=len(names), frameon=False, loc="upper left", fontsize=8.5,
        bbox_to_anchor=(0.08, 1 - 0.6 / height_in), columnspacing=1.0, handlelength=1.2,
    )  # fmt: skip
    return figure


def _case_label(result: Result) -> str:
    case = result.case
    if case.program in ("notebook", "command"):
        who = PROGRAMS[case.program].partition(" (")[0]
    else:
        who = f"{'native ' if case.program != 'varesearch' else 'varesearch, '}{SIMULATORS[case.simulator]}"
        who += ", v" if case.with_v else ""
    return who + (f", {case.cache}" if case.cache != "none" else "")


HISTORY = (
    ("seed-1500-v-command-brian2_numpy-cold", "process", "whole command / original notebook, cold"),
    ("seed-1500-v-varesearch-brian2_numpy", "process", "Brian2 numpy, process with v, 1500 cells"),
    ("seed-1500-varesearch-brian2_numpy", "simulate", "Brian2 numpy, simulate, 1500 cells"),
    ("seed-20000-varesearch-brian2_numpy", "simulate", "Brian2 numpy, simulate, 20,000 cells"),
    ("va_coba-4000-varesearch-nest_1", "simulate", "NEST, simulate, VA COBA 4000 cells"),
    ("seed-1500-varesearch-board", BOARD, "software board / native NEST, 1500 cells"),
)
"""(case, seconds, what it is called) whose ratio to the baseline is followed from session to session."""


def draw_history(sessions: Iterable[BenchmarkSession]) -> Figure:
    """Ratios to the baselines of the same session, over all sessions that are kept."""
    sessions = list(sessions)
    height_in = 4.4
    figure = page("History", "seconds over those of the baseline in the same session; lower is faster", {}, height_in)
    axes = panel(figure, LEFT_IN, 0.95, PAGE_WIDTH_IN - LEFT_IN - 3.0, height_in - 1.75)
    lines: list[tuple[str, str, list[tuple[float, float]]]] = []
    for colour, (key, seconds, name) in zip(COLOURS.values(), HISTORY, strict=True):
        found = [(float(place), _ratio(session, key, seconds)) for place, session in enumerate(sessions)]
        points = [(place, value) for place, value in found if value is not None]
        if points:
            axes.plot(*_columns(points), color=colour, marker="o", ms=4.5)
            lines.append((name, colour, points))
    if not lines:
        say(axes, "no session holds these cases")
        axes.set_xticks([])
        return figure
    axes.set(yscale="log", xlim=(-0.3, max(len(sessions) - 1, 1) + 0.1))
    low, high = np.log10(axes.get_ylim())
    places = _spread([np.log10(points[-1][1]) for _, _, points in lines], 0.17 * (high - low) / (height_in - 1.75))
    for (name, colour, _), place in zip(lines, places, strict=True):
        axes.annotate(
            name,
            (axes.get_xlim()[1], 10**place),
            (6, 0),
            textcoords="offset points",
            color=colour,
            size=8.5,
            va="center",
        )
    axes.set_xticks(range(len(sessions)), [f"{one.when[:10]}\n{(one.commit or '?')[:8]}" for one in sessions], size=7.5)
    return figure


def _ratio(session: BenchmarkSession, key: str, seconds: str) -> float | None:
    result = session.results.get(key)
    yardstick = session.results.get(result.case.yardstick or "") if result is not None else None
    return None if result is None or yardstick is None else ratio(result, yardstick, seconds)


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]
