"""What the machine and sPyNNaker report about a run: losses in cores and routers, and the time of each phase."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

LOSSES: dict[str, tuple[str, ...]] = {
    "timer_overruns": ("Times_the_timer_tic_over_ran",),
    "queue_overloads": (
        "Times_the_callback_queue_was_overloaded",
        "Times_the_dma_queue_was_overloaded",
        "Times_the_user_queue_was_overloaded",
        "Times_the_background_queue_overloaded",
    ),
    "blocked_transmissions": ("Times_the_transmission_of_spikes_overran",),
    "lost_packets": ("Times_the_input_buffer_lost_packets",),
    "late_spikes": ("Number_of_late_spikes", "Late spikes", "Late_packets"),
    "skipped_synapses": ("Skipped synapses",),
    "saturated_weights": ("Times_synaptic_weights_have_saturated", "Times_plastic_synaptic_weights_have_saturated"),
}
"""Our name -> the descriptions of the per-core provenance that are added up, over all cores."""

ROUTER_LOSSES: dict[str, tuple[str, ...]] = {
    "unrouted_packets": ("Dropped_Multicast_Packets_via_local_transmission",),
    "lost_router_packets": ("Missed_For_Reinjection", "Reinjection_Overflows"),
}
"""The same of the routers while running: packets that were dropped and not sent again."""

ROUTER_COUNTS: dict[str, tuple[str, ...]] = {
    "dropped_packets": ("Dropped_Multicast_Packets",),
    "reinjected_packets": ("Reinjected",),
}
"""Counts of the routers that are no loss by themselves."""

_NOT_OF_TIME = frozenset({"saturated_weights", "unrouted_packets"})
_LAST_TICK = "Last_timer_tic_the_core_ran_to"
_WHILE_RUNNING = "Run"  # sPyNNaker puts the phase before each description of a router

# Phase -> categories of sPyNNaker's timers. "Running Stage" holds run and extraction; they are taken from algorithms.
_CATEGORIES = {
    "get_machine": "Turning on Machine",
    "map": "Mapping Stage",
    "load": "Loading Stage",
}
_ALGORITHMS = {
    "run_on_machine": "Application runner",
    "extract": "Buffer extractor",
}


@dataclass(frozen=True)
class Provenance:
    """The counters of a run: any of the ``losses`` above zero makes the result doubtful; ``counts`` only inform."""

    losses: dict[str, int]
    counts: dict[str, int]

    def doubts(self) -> list[str]:
        """Return the losses above zero as texts: ``["late spikes 12"]``."""
        return [f"{name.replace('_', ' ')} {value}" for name, value in self.losses.items() if value]

    @property
    def too_fast(self) -> bool:
        """Whether the cores ran out of time; saturation and missing routes have other causes."""
        return any(value for name, value in self.losses.items() if name not in _NOT_OF_TIME)


def read_provenance(database: Path, n_steps: int) -> Provenance:
    """Read the counters from sPyNNaker's database of the run (tables ``core_provenance`` and ``router_provenance``).

    Raises ValueError if the cores wrote none, which must not be taken for a run without losses.
    """
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        cores = dict(
            connection.execute(
                "SELECT description, SUM(the_value) FROM core_provenance GROUP BY description"
            ).fetchall()
        )
        routers = dict(
            connection.execute(
                "SELECT description, SUM(the_value) FROM router_provenance GROUP BY description"
            ).fetchall()
        )
        behind = connection.execute(
            "SELECT MIN(the_value) FROM core_provenance WHERE description = ?", (_LAST_TICK,)
        ).fetchone()[0]
    if not cores:
        raise ValueError(f"{database}: the cores left no provenance")
    losses = {name: _sum(cores, descriptions) for name, descriptions in LOSSES.items()}
    losses["skipped_steps"] = max(0, n_steps - int(behind)) if behind is not None else 0
    losses |= {name: _sum(routers, descriptions, _WHILE_RUNNING) for name, descriptions in ROUTER_LOSSES.items()}
    return Provenance(
        losses, {name: _sum(routers, descriptions, _WHILE_RUNNING) for name, descriptions in ROUTER_COUNTS.items()}
    )


def read_phases(database: Path) -> dict[str, float]:
    """Return the seconds of each phase, from the timers (in ms) in sPyNNaker's ``global_provenance.sqlite3``.

    ``run_on_machine`` is the host's wall clock, never below the simulated time times the factor: it cannot show whether
    the cores kept up. ``route`` is a part of the mapping that sPyNNaker files under running; it is inside ``map``.
    """
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        categories = dict(
            connection.execute("SELECT category, SUM(time_taken) FROM category_timer_view GROUP BY category").fetchall()
        )
        algorithms = dict(
            connection.execute("SELECT algorithm, SUM(time_taken) FROM timer_view GROUP BY algorithm").fetchall()
        )
    wanted = {name: categories.get(category) for name, category in _CATEGORIES.items()}
    wanted |= {name: algorithms.get(algorithm) for name, algorithm in _ALGORITHMS.items()}
    return {name: float(milliseconds) / 1000.0 for name, milliseconds in wanted.items() if milliseconds is not None}


def _sum(values: dict[str, float], descriptions: tuple[str, ...], prefix: str = "") -> int:
    return sum(int(values.get(prefix + description) or 0) for description in descriptions)
