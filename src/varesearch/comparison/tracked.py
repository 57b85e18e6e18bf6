"""The tracked run of a comparison: its name and description say what is compared; its parameters are shared ones."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from varesearch.comparison.asked import Asked
from varesearch.comparison.settings import SettingDifference
from varesearch.comparison.sides import Side
from varesearch.config.addresses import redact
from varesearch.config.schema import TrackingConfig
from varesearch.shell import code_span, command
from varesearch.sweeps.parent import shared_settings
from varesearch.tracking.description import Description, flat_params, short
from varesearch.tracking.files import RunFiles
from varesearch.tracking.log import LogCapture
from varesearch.tracking.run import track
from varesearch.tracking.session import StoreSession
from varesearch.tracking.tags import COMPARED, COMPARED_RUNS, COMPARISON_KIND, KIND, NOTE

_LONGEST_NAME = 120

T = TypeVar("T")


@dataclass(frozen=True)
class Kept:
    """The run that keeps a comparison, and how to see it."""

    run_id: str
    folder: Path
    how_to_open: str


def keep_comparison(
    a: Side,
    b: Side,
    differences: Sequence[SettingDifference],
    asked: Asked,
    capture: LogCapture,
    work: Callable[[RunFiles], T],
) -> tuple[Kept, T]:
    """Do ``work`` as a tracked run in the store of A; the run, and what ``work`` returned."""
    tracking = TrackingConfig(
        uri=a.uri,
        experiment=a.first.experiment,
        run_name=short(f"compare {a.label} with {b.label}", _LONGEST_NAME),
    )
    session = StoreSession(tracking)

    def kept(run: RunFiles) -> tuple[Kept, T]:
        result = work(run)
        return Kept(run.run_id, run.folder, session.how_to_open(run.run_id, run.folder)), result

    return track(_description(a, b, differences, asked, tracking), session, kept, capture=capture)


def _description(
    a: Side, b: Side, differences: Sequence[SettingDifference], asked: Asked, tracking: TrackingConfig
) -> Description:
    """A comparison: its configuration is what A and B share, the differences are further parameters."""
    made_by = command(*map(redact, asked.made_by))
    shared = shared_settings([a.resolved, b.resolved]) | {"tracking": dataclasses.asdict(tracking)}
    sides = [f"- {letter}: {_runs(side)}" for letter, side in zip("AB", (a, b), strict=True)]
    rows = [f"| {d.key} | {_cell(d.a)} | {_cell(d.b)} | {d.unit} |" for d in differences]
    table = ["| setting | A | B | unit |", "|---|---|---|---|", *rows] if rows else ["No setting differs."]
    tags = {
        KIND: COMPARISON_KIND,
        **dict(zip(COMPARED, (a.first.run_id, b.first.run_id), strict=True)),
        **(dict(zip(COMPARED_RUNS, (a.ids, b.ids), strict=True)) if len(a.records) + len(b.records) > 2 else {}),
        NOTE: "\n".join([code_span(made_by), "", *sides, "", *table]),
    }
    return Description(
        name=tracking.run_name or "",
        resolved=shared,
        made_by=made_by,
        overrides=tuple(map(redact, asked.argv)),
        tags=tags,
        params=flat_params(shared) | {d.key: short(f"A: {d.a}   B: {d.b}") for d in differences},
    )


def _runs(side: Side) -> str:
    count = len(side.records)
    return f"run {side.first.run_id[:8]} ({side.label})" if count == 1 else f"{count} runs of {side.label}"


def _cell(text: str) -> str:
    """A value in a Markdown table, in which a | would end the cell."""
    return code_span(text.replace("|", "\\|"))
