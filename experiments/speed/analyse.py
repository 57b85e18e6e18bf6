"""What the newest session of benchmarks says about when to use which back end."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from varesearch.config.errors import ConfigurationError
from varesearch.plots import style
from varesearch.tracking import RunRecord, runs
from varesearch_tools.benchmarks.names import NETWORKS, SIMULATORS
from varesearch_tools.benchmarks.plots import COLOURS, SHORTEST_MS
from varesearch_tools.benchmarks.quantities import BOARD, figures_of, times
from varesearch_tools.benchmarks.session import BenchmarkSession, Result
from varesearch_tools.benchmarks.tracking import EXPERIMENT
from varesearch_tools.studies import Claim, MeanAndSd, StudySession, spread
from varesearch_tools.studies.figures import drawing, save

LASTING_S = (0.1, 1.0, 10.0, 100.0)
"""Simulated times for which the back ends are set against one another."""

HARDWARE = "hardware"
_NAMES = {**SIMULATORS, HARDWARE: "SpiNNaker hardware (estimate)"}
_COLOURS = {**COLOURS, HARDWARE: "#000000"}
_FILE = "session.json"


@dataclass(frozen=True)
class Cost:
    """What a back end takes for a network: ``start_s`` once, then ``factor`` seconds for each simulated one."""

    start_s: MeanAndSd
    factor: MeanAndSd

    def seconds(self, lasting_s: float) -> float:
        """Wall time for ``lasting_s`` simulated seconds."""
        return self.start_s.mean + self.factor.mean * lasting_s


Key = tuple[str, int, str]
"""(network, cells, simulator)."""


def sessions(session: StudySession) -> list[RunRecord]:
    """The runs that hold a whole session of benchmarks, the newest first; [] without any."""
    experiment = session.experiment if session.small else EXPERIMENT
    try:
        found = runs(experiment)
    except ConfigurationError:  # the experiment is made with its first session
        return []
    return [run for run in found if run.folder is not None and (run.folder / _FILE).is_file()]


def analyse(session: StudySession) -> dict[str, Any]:
    """Results for the page: what each back end costs, and the quickest for each simulated time; the figure."""
    kept = sessions(session)
    if not kept:
        raise ConfigurationError("the tracker holds no session of benchmarks; run make bench")
    folder = kept[0].folder
    assert folder is not None
    measured = BenchmarkSession.from_json(json.loads((folder / _FILE).read_text()))
    costs = _costs(measured)
    networks = {network: _sizes(costs, network) for network in NETWORKS if _sizes(costs, network)}
    with drawing():
        save(_figure(costs, networks), session.figures, "cost")
    return {
        "session": measured.name,
        "machine": measured.machine,
        "versions": measured.versions,
        "lasting_s": list(LASTING_S),
        "names": _NAMES,
        "networks": {
            network: {
                "label": NETWORKS[network],
                "sizes": {str(size): _costs_of_size(costs, network, size) for size in sizes},
            }
            for network, sizes in networks.items()
        },
    }


def _costs(measured: BenchmarkSession) -> dict[Key, Cost]:
    """Of every case of ours that keeps spikes only, warm: the hardware's are made from the board's."""
    costs: dict[Key, Cost] = {}
    for result in measured.results.values():
        case = result.case
        if case.program != "varesearch" or case.cache == "cold" or case.with_v or case.duration_ms < SHORTEST_MS:
            continue
        key = (case.network, case.cells, case.simulator)
        simulated_s = case.duration_ms / 1e3
        # The board's own time is CPU time for what it simulates; the rest of the phases is the host's.
        running = times(result, BOARD if case.simulator == BOARD else "simulate")
        starts = [total - own for total, own in zip(_totals(result), running, strict=True)]
        start, factor = spread(starts), spread(own / simulated_s for own in running)
        if start is None or factor is None:
            continue
        costs[key] = Cost(start, factor)
        figures = figures_of(result, measured)
        if "hardware.realtime_factor" in figures:
            exactly = MeanAndSd(figures["hardware.realtime_factor"], 0.0, 1)
            costs[(case.network, case.cells, HARDWARE)] = Cost(start, exactly)
    return costs


def _totals(result: Result) -> list[float]:
    """Wall time of all phases of each repetition."""
    return [sum(phase.wall_s for phase in one.measured.phases.values()) for one in result.repetitions]


def _sizes(costs: Mapping[Key, Cost], network: str) -> list[int]:
    return sorted({cells for name, cells, _ in costs if name == network})


def _costs_of_size(costs: Mapping[Key, Cost], network: str, cells: int) -> dict[str, Any]:
    """Each back end's cost; for each simulated time the quickest of those that run here, and how much quicker."""
    there = {name: costs[network, cells, name] for name in _NAMES if (network, cells, name) in costs}
    quickest = []
    here = {name: cost for name, cost in there.items() if name != HARDWARE}
    for lasting_s in LASTING_S if len(here) > 1 else ():
        best, second = sorted((cost.seconds(lasting_s), name) for name, cost in here.items())[:2]
        quickest.append({"name": best[1], "seconds": best[0], "ahead": second[0] / best[0]})
    return {
        "costs": {
            name: {"start_s": cost.start_s.to_json(), "factor": cost.factor.to_json()} for name, cost in there.items()
        },
        "quickest": quickest,
        "hardware_from_s": _break_even(there),
    }


def _break_even(there: Mapping[str, Cost]) -> float | None:
    """The simulated time from which on the hardware, at its estimated speed, is quicker than all others; None: never.

    Null also where there is no estimate.
    """
    if HARDWARE not in there:
        return None
    hardware, others = there[HARDWARE], [cost for name, cost in there.items() if name not in (HARDWARE, BOARD)]
    if any(cost.factor.mean <= hardware.factor.mean for cost in others):
        return None
    return max(
        (hardware.start_s.mean - cost.start_s.mean) / (cost.factor.mean - hardware.factor.mean) for cost in others
    )


def _figure(costs: Mapping[Key, Cost], networks: Mapping[str, Sequence[int]]) -> Figure:
    """Wall time against simulated time: a panel for the smallest and the largest size of each network."""
    panels = [(network, size) for network, sizes in networks.items() for size in dict.fromkeys((sizes[0], sizes[-1]))]
    columns = 2
    rows = math.ceil(len(panels) / columns)
    height = style.TOP_IN + 0.2 + rows * 2.3 + style.BOTTOM_IN
    figure = style.page("What a simulated time costs", "wall time of a warm process, from import to spikes", {}, height)
    lasting = np.geomspace(0.05, 200, 60)
    drawn: dict[str, Any] = {}
    for place, (network, size) in enumerate(panels):
        row, column = divmod(place, columns)
        axes = style.panel(figure, style.LEFT_IN + column * 3.2, height - style.TOP_IN - 1.95 - row * 2.3, 2.6, 1.65)
        for name, colour in _COLOURS.items():
            cost = costs.get((network, size, name))
            if cost is not None:
                wall = [cost.seconds(duration) for duration in lasting]
                dashes = "--" if name == HARDWARE else "-"
                (drawn[name],) = axes.plot(lasting, wall, color=colour, ls=dashes, lw=1.5)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_title(f"{NETWORKS[network]}, {size:,} cells", loc="left", size=9)
        axes.set_xlabel("simulated time (s)" if place + columns >= len(panels) else "")
        axes.set_ylabel("wall time (s)" if column == 0 else "")
    figure.legend(
        list(drawn.values()), [_NAMES[name] for name in drawn], loc="upper right", frameon=False, fontsize=8.5,
        bbox_to_anchor=(0.995, 1 - (style.TOP_IN + 0.1) / height),
    )  # fmt: skip
    return figure


def claims(results: Mapping[str, Any]) -> list[Claim]:
    """What the page says in words; its other sentences are made from the numbers."""
    sizes = [size for network in results["networks"].values() for size in network["sizes"].values()]
    quickest = [best["name"] for size in sizes for best in size["quickest"]]
    return [Claim("the software board is the quickest nowhere", BOARD not in quickest)]
