"""The quantities that are reported and compared for a case: seconds, and the figures that follow from them."""

from collections.abc import Mapping

from varesearch.tracking.tags import DEGRADED
from varesearch_tools.benchmarks.session import BenchmarkSession, Repetition, Result

BOARD = "board"
SECONDS = ("set_up", "simulate", BOARD, "process")
"""What is divided by the yardstick's: see :func:`times`."""

_SET_UP = ("draw", "compile", "build")


def times(result: Result, seconds: str) -> list[float]:
    """Seconds of each repetition, in wall time unless stated otherwise.

    ``seconds`` is a phase; ``set_up``, all that comes between import and simulation; ``process``, the whole process as
    its parent saw it; ``board``, the CPU time of the software board for the simulated time. Empty where there is none.
    """
    return [value for repetition in result.repetitions if (value := _seconds(repetition, seconds)) is not None]


def best(result: Result, seconds: str) -> float | None:
    """The smallest of :func:`times`, since disturbances only add to a measurement; None if there is none."""
    return min(times(result, seconds), default=None)


def ratio(result: Result, yardstick: Result, seconds: str) -> float | None:
    """Best seconds over those of the baseline; None where one of them has none.

    The software board's CPU time is divided by the time that the baseline simulates.
    """
    ours, theirs = best(result, seconds), best(yardstick, "simulate" if seconds == BOARD else seconds)
    return None if ours is None or not theirs else ours / theirs


def figures_of(result: Result, session: BenchmarkSession) -> dict[str, float]:
    """Name -> figure of a case.

    ``realtime_factor``: wall over simulated time, except for SpiNNaker, which has three others that are never mixed:
    ``hardware.realtime_factor`` with ``hardware.slack`` of the busiest core (both from counted cycles, an estimate;
    absent if ticks overran or anything was lost), ``host.map_s``, ``host.load_s`` and ``host.extract_s``, and
    ``board.realtime_factor`` (CPU seconds of the software board for a simulated one) with
    ``board.instructions_per_s``. ``synaptic_events_per_s`` counts each spike once for every synapse of its cell.
    ``ratio.<seconds>`` is against the yardstick.
    """
    figures: dict[str, float] = {}
    for seconds in ("import", "set_up", "simulate", "collect", "process"):
        value = best(result, seconds)
        if value is not None:
            figures[f"{seconds}_s"] = value
    facts = result.repetitions[-1].measured.facts
    simulated_s = result.case.duration_ms / 1e3
    if result.case.simulator == BOARD:
        figures |= _spinnaker(result, facts, simulated_s)
    else:
        figures["realtime_factor"] = figures["simulate_s"] / simulated_s
        if "synaptic_events" in facts:
            figures["synaptic_events_per_s"] = facts["synaptic_events"] / figures["simulate_s"]
    if result.case.yardstick in session.results:
        yardstick = session.results[result.case.yardstick]
        ratios = {f"ratio.{seconds}": ratio(result, yardstick, seconds) for seconds in SECONDS}
        figures |= {name: value for name, value in ratios.items() if value is not None}
    return figures


def _spinnaker(result: Result, facts: Mapping[str, float], simulated_s: float) -> dict[str, float]:
    measured = result.repetitions[-1].measured
    figures = {f"host.{name}_s": measured.within_s[name] for name in ("map", "load", "extract")}
    if DEGRADED not in measured.notes and not facts["backend.estimate.core_overruns"]:
        figures["hardware.realtime_factor"] = facts["backend.time_scale_factor"]
        figures["hardware.slack"] = 1.0 - facts["backend.estimate.busiest_core_load"]
    board_s = best(result, BOARD)
    if board_s is not None:
        figures["board.realtime_factor"] = board_s / simulated_s
        figures["board.instructions_per_s"] = facts["backend.board.instructions"] / facts["board_cpu_s"]
        figures["board.synaptic_events_per_s"] = facts["synaptic_events"] / board_s
    return figures


def _seconds(repetition: Repetition, name: str) -> float | None:
    measured = repetition.measured
    if name == "process":
        return repetition.process.wall_s
    if name == BOARD:
        rate = measured.facts.get("board_cpu_s_per_simulated_s")
        return None if rate is None else rate * measured.facts["simulated_ms"] / 1e3
    parts = [part for part in (_SET_UP if name == "set_up" else (name,)) if part in measured.phases]
    return sum(measured.phases[part].wall_s for part in parts) if parts else None
