"""The sections of the page, each a text in Markdown from a session."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from varesearch.tracking.tags import DEGRADED
from varesearch_tools.benchmarks.names import NETWORKS, PROGRAMS, SIMULATORS
from varesearch_tools.benchmarks.plots import SHORTEST_MS, slope, speed_points
from varesearch_tools.benchmarks.published import NETWORK, PUBLISHED, SOURCE
from varesearch_tools.benchmarks.quantities import BOARD, figures_of, times
from varesearch_tools.benchmarks.session import BenchmarkSession, Result

DATA = Path("docs") / "data" / "benchmarks.json"
"""The file with the sessions from which the page is written, below the top of the checkout."""

TARGET_SEED = 20.0
TARGET_NATIVE = 2.0
"""Targets: the original notebook takes at least TARGET_SEED times as long as the whole command, and the time from
draw to collect is at most TARGET_NATIVE times that of native Brian2."""


def _head(session: BenchmarkSession) -> str:
    machine = session.machine
    versions = ", ".join(f"{name} {version}" for name, version in session.versions.items())
    rounds = sum(len(result.repetitions) for result in session.results.values())
    return f"""# Benchmarks

Written by `varesearch bench page` from `{DATA}`; do not edit. `make bench` measures
a session, `make bench-compare` compares the last two, `make bench-page` writes this page from the newest.

Session {session.name}{" (+: uncommitted changes)" if session.dirty else ""}: {len(session.results)} cases,
{rounds} processes, {session.seconds / 60:.1f} minutes.
Machine: {machine["processor"]}, {machine["cores"]} cores, {machine["memory_gb"]:g} GB, {machine["system"]};
load {machine["load"]:g} (about 1 if nothing else is running; if it is higher, only ratios are meaningful).
Versions: {versions}.

## How it is measured

- Each repetition is a process of its own. Times are wall times in seconds: the shortest of the repetitions (since
  disturbances only lengthen a measurement), and in brackets the longest.
- *import*: loading the simulator (for sPyNNaker this is part of *build*); *draw*: drawing the network in numpy;
  *compile*: compiling the code that is generated for this network; *build*, *simulate*, *collect*: what the simulator
  does. *process*: everything, including the start of the interpreter. MB: the largest resident set of the Python
  process.
- *cold*: compiled code, font caches and the tracking store do not exist yet; *warm*: an earlier process has made them.
- The networks are the presets. Every size has the in-degree that the preset has at its own size (30 synapses for each
  cell of the seed network, 80 for each cell of the others), so that rates do not depend on size. All back ends get the
  same drawn network. The simulated time is {_durations(session)}. Spikes are recorded; rows marked *with v* also
  record v of all cells.
- The baselines are scripts that a user of the simulator would write (`tests/benchmarks/baselines`). They draw their own
  networks of the same sizes. NEST has no Izhikevich cell with synaptic currents, so a spike steps v in its seed
  network.
- The real-time factor is wall time divided by simulated time. A synaptic event is a spike at one synapse. Energy is not
  measured.
"""


def _durations(session: BenchmarkSession) -> str:
    found: dict[str, float] = {}
    for result in session.results.values():
        case = result.case
        found[case.network] = max(found.get(case.network, 0.0), case.duration_ms)
    return ", ".join(f"{duration:g} ms for the {NETWORKS[name]}" for name, duration in found.items())


def _end_to_end(session: BenchmarkSession) -> str:
    results = [result for result in session.results.values() if result.case.with_v]
    if not results:
        return _lacking("The seed network, end to end", "case with v")
    slow = session.results.get("seed-1500-v-notebook-brian2_cython-cold")
    rows = []
    for result in sorted(results, key=lambda r: (list(PROGRAMS).index(r.case.program), r.case.cache)):
        parts = [_span(times(result, name)) for name in ("import", "set_up", "simulate", "collect", "process")]
        faster = "" if slow is None else f"{min(times(slow, 'process')) / min(times(result, 'process')):.3g}"
        memory = max(one.measured.memory_mb for one in result.repetitions)
        rows.append([_who(result), result.case.cache, *parts, f"{memory:.0f}", faster])
    table = _table(
        [
            "program",
            "cache",
            "import",
            "draw, compile, build",
            "simulate",
            "collect",
            "process",
            "MB",
            "notebook's time / this time",
        ],
        rows,
    )
    return f"""## The seed network, end to end

1500 cells, 1 s, v and spikes of all cells are recorded, as in the notebook. The original notebook and the whole
command also save and plot.

{table}
{_targets(session)}"""


def _targets(session: BenchmarkSession) -> str:
    lines = []
    slow = session.results.get("seed-1500-v-notebook-brian2_cython-cold")
    command = session.results.get("seed-1500-v-command-brian2_numpy-cold")
    if slow is not None and command is not None:
        factor = min(times(slow, "process")) / min(times(command, "process"))
        lines.append(
            f"- The whole command, cold, takes 1/{factor:.3g} of the time of the original notebook, cold. "
            f"Target: 1/{TARGET_SEED:g}, {_met(factor >= TARGET_SEED)}."
        )
    for key, result in session.results.items():
        native = session.results.get(result.case.yardstick or "")
        if native is None or result.case.program != "varesearch" or result.case.cells != 1500:
            continue
        if native.case.simulator != result.case.simulator or native.case.program != "brian2" or "seed" not in key:
            continue
        ours, theirs = min(_work(result)), min(_work(native))
        judged = f"Target: {TARGET_NATIVE:g}, {_met(ours / theirs <= TARGET_NATIVE)}."
        lines.append(
            f"- {SIMULATORS[result.case.simulator]}{_manner(result)}: {ours:.3g} s from draw to collect, native "
            f"{theirs:.3g} s: {ours / theirs:.2f} times. {judged}"
        )
    return "\n".join(lines) + "\n"


def _work(result: Result) -> list[float]:
    """Wall seconds of each repetition from draw to collect."""
    parts = [times(result, name) for name in ("set_up", "simulate", "collect")]
    return [sum(values) for values in zip(*parts, strict=True)]


def _is_cold(result: Result) -> bool:
    return result.case.cache == "cold"


def _manner(result: Result) -> str:
    words = [*([result.case.cache] if result.case.cache != "none" else []), *(["with v"] if result.case.with_v else [])]
    return f", {', '.join(words)}" if words else ""


def _met(met: bool) -> str:
    return "met" if met else "**not met**"


def _speed(session: BenchmarkSession) -> str:
    lines = [
        "## Speed against size",
        "",
        "![Real-time factor against network size](images/benchmarks_speed.png)",
        "",
        "The exponent is that of a power law fitted to all sizes (log-log). It is 1 if the work for cells and synapses",
        "dominates, and near 0 if the part of a step's cost dominates that does not depend on size. For the software",
        "board, CPU time takes the place of wall time.",
        "",
    ]
    for network, name in NETWORKS.items():
        here = [result.case for result in session.results.values() if result.case.network == network]
        sizes = sorted({case.cells for case in here if case.duration_ms >= SHORTEST_MS})
        rows = []
        for program in ("varesearch", "brian2", "nest"):
            for simulator in SIMULATORS:
                points = dict(speed_points(session, network, program, simulator))
                if points:
                    exponent = slope(list(points.items()))
                    cells = [f"{points[size]:.3g}" if size in points else "" for size in map(float, sizes)]
                    who = f"{PROGRAMS[program].partition(',')[0]}: {SIMULATORS[simulator]}"
                    events = _events(session, network, program, simulator)
                    rows.append([who, *cells, "" if exponent is None else f"{exponent:.2f}", events])
        if rows:
            headings = ["", *(f"{size:,} cells" for size in sizes), "exponent", "synaptic events / s, largest size"]
            lines += [f"### {name}", "", _table(headings, rows)]
    return "\n".join(lines)


def _events(session: BenchmarkSession, network: str, program: str, simulator: str) -> str:
    found = [
        (result.case.cells, figure)
        for result in session.results.values()
        if (result.case.network, result.case.program, result.case.simulator) == (network, program, simulator)
        and not result.case.with_v
        and (figure := _any(figures_of(result, session), "synaptic_events_per_s", "board.synaptic_events_per_s"))
    ]
    return f"{max(found)[1]:.2g}" if found else ""


def _any(figures: dict[str, float], *names: str) -> float | None:
    return next((figures[name] for name in names if name in figures), None)


def _natives(session: BenchmarkSession) -> str:
    rows = []
    for result in session.results.values():
        native = session.results.get(result.case.yardstick or "")
        if native is None or result.case.simulator == BOARD or result.case.program != "varesearch":
            continue
        if (native.case.cells, native.case.simulator) != (result.case.cells, result.case.simulator):
            continue
        if result.case.duration_ms < SHORTEST_MS or _is_cold(native) != _is_cold(result):
            continue
        figures = figures_of(result, session)
        ratios = [f"{figures[name]:.2f}" for name in ("ratio.set_up", "ratio.simulate", "ratio.process")]
        spikes = [one.repetitions[-1].measured.facts["spikes"] for one in (result, native)]
        rows.append(
            [
                result.case.network,
                f"{result.case.cells:,}",
                SIMULATORS[result.case.simulator] + _manner(result),
                *ratios,
                *(f"{n:,.0f}" for n in spikes),
            ]
        )
    if not rows:
        return _lacking("Against native scripts", "pair of case and native script")
    headings = ["network", "cells", "", "draw, compile, build", "simulate", "process", "spikes", "native"]
    return f"""## Against native scripts

The time that varesearch takes, divided by the time of the native script for the same simulator, network and size; 1
means equally fast. The additional work of the harness (drawing explicit lists, translating units) is in the first
ratio, the cost of its equations and of reporting progress in the second.

{_table(headings, rows)}"""


def _cold(session: BenchmarkSession) -> str:
    rows = []
    for key, cold in session.results.items():
        warm = session.results.get(key.removesuffix("-cold"))
        if cold.case.cache != "cold" or warm is None:
            continue
        parts = [_span(times(one, name)) for name in ("set_up", "simulate", "process") for one in (cold, warm)]
        rows.append([_who(cold), *parts])
    if not rows:
        return _lacking("Cold and warm", "cold case")
    headings = ["program", "set-up cold", "warm", "simulate cold", "warm", "process cold", "warm"]
    return f"""## Cold and warm

{_table(headings, rows)}"""


def _phases(session: BenchmarkSession) -> str:
    return """## Where the time goes

![Shares of the phases](images/benchmarks_phases.png)
"""


def _spinnaker(session: BenchmarkSession) -> str:
    rows = []
    for result in session.results.values():
        if result.case.simulator != BOARD:
            continue
        measured = result.repetitions[-1].measured
        figures = figures_of(result, session)
        factor = measured.facts["backend.time_scale_factor"]
        if "hardware.slack" in figures:
            holds = f"{factor:g} (slack {figures['hardware.slack']:.0%})"
        else:
            holds = f"not at {factor:g}: {_why_not(result)}"
        host = [_middle(result, name) for name in ("map", "load", "extract")]
        board = [
            f"{figures['board.realtime_factor']:.3g}" if "board.realtime_factor" in figures else "",
            f"{figures['board.instructions_per_s'] / 1e6:.0f}" if "board.instructions_per_s" in figures else "",
            _middle(result, "run_on_machine"),
            f"{measured.facts['board_memory_mb']:.0f}" if "board_memory_mb" in measured.facts else "",
        ]
        case = result.case
        rows.append(
            [case.network, f"{case.cells:,}", case.cache, holds, *host, *board, _span(times(result, "process"))]
        )
    if not rows:
        return _lacking("SpiNNaker", "case on the software board")
    headings = [
        "network", "cells", "cache", "**hardware** (estimate): real-time factor", "**host**: map", "load", "extract",
        "**software board**: CPU s / simulated s", "million instructions / CPU s", "run, wall s", "MB", "process",
    ]  # fmt: skip
    return f"""## SpiNNaker: three figures that are never mixed

- *Hardware*, an estimate: a real machine takes the simulated time multiplied by the time scale factor, if no core is
  late according to the cycles that the software board counts. The slack is the unused part of the fullest tick of the
  busiest core.
- *Host*: the time that sPyNNaker takes on this computer for mapping, loading and reading back. Here it talks to the
  software board over a loopback socket; the network of a real board has another speed.
- *Software board*: its own speed on this machine. The wall time of a run is at least the simulated time multiplied by
  the factor, because sPyNNaker waits that long; the board's CPU time shows the cost of its work.

{_table(headings, rows)}"""


def _why_not(result: Result) -> str:
    measured = result.repetitions[-1].measured
    facts = measured.facts
    if facts["backend.estimate.core_overruns"]:
        return (
            f"{facts['backend.estimate.core_overruns']:.0f} ticks in which a core did not sleep (sPyNNaker counts "
            f"{facts['backend.timer_overruns']:.0f} overruns, {facts['backend.late_spikes']:.0f} late spikes)"
        )
    return measured.notes[DEGRADED].partition(";")[0]


def _middle(result: Result, name: str) -> str:
    return f"{median(one.measured.within_s[name] for one in result.repetitions):.3g}"


def _history(session: BenchmarkSession) -> str:
    return """## History

![Ratios to the baselines over the sessions](images/benchmarks_history.png)
"""


def _published(session: BenchmarkSession) -> str:
    rows = [[one.system, one.study, f"{one.realtime_factor:g}", f"{one.energy_uj:g}"] for one in PUBLISHED]
    return f"""## Published figures for another network

For orientation only: the {NETWORK},
on the systems in the table, as collected in {SOURCE}.
Sharp et al. 2012 (doi 10.1016/j.jneumeth.2012.03.001) report 43 nJ for a synaptic event on SpiNNaker, for a third
network.

{_table(["system", "study", "real-time factor", "energy per synaptic event, µJ"], rows)}"""


def _lacking(heading: str, what: str) -> str:
    return f"## {heading}\n\nThis session has no {what}.\n"


def _who(result: Result) -> str:
    case = result.case
    return PROGRAMS[case.program] + (
        "" if case.program in ("notebook", "command") else f": {SIMULATORS[case.simulator]}"
    )


def _span(values: Sequence[float]) -> str:
    if not values:
        return ""
    low, high = f"{min(values):.3g}", f"{max(values):.3g}"
    return low if low == high else f"{low} ({high})"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


SECTIONS: tuple[Callable[[BenchmarkSession], str], ...] = (
    _head,
    _end_to_end,
    _speed,
    _natives,
    _cold,
    _phases,
    _spinnaker,
    _history,
    _published,
)
"""In the order of the page."""
