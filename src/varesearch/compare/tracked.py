"""The tracked run of a comparison: its name and description say what is compared; its parameters are shared ones."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from varesearch.compare.asked import Asked
from varesearch.compare.settings import SettingDifference
from varesearch.compare.sides import Side
from varesearch.config.schema import TrackingConfig
from varesearch.shell import code_span
from varesearch.sweep.parent import shared_settings
from varesearch.tracking.log import LogCapture
from varesearch.tracking.run import TrackedRun
from varesearch.tracking.session import NOTE
from varesearch.tracking.tags import COMPARED, COMPARED_RUNS, COMPARISON_KIND, KIND

_LONGEST_NAME = 120
_LONGEST_PARAM = 250


class ComparisonRun(TrackedRun):
    """A :class:`.TrackedRun` whose configuration is what A and B share; the differences are additional parameters."""

    def __init__(
        self,
        a: Side,
        b: Side,
        differences: Sequence[SettingDifference],
        asked: Asked,
        capture: LogCapture,
    ) -> None:
        name = f"compare {a.label} with {b.label}"
        tracking = TrackingConfig(
            uri=a.uri,
            experiment=a.first.experiment,
            run_name=name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…",
        )
        config = dataclasses.replace(a.config, tracking=tracking)
        shared: dict[str, Any] = shared_settings([a.resolved, b.resolved])
        shared["tracking"] = dataclasses.asdict(tracking)
        tags = {
            KIND: COMPARISON_KIND,
            **dict(zip(COMPARED, (a.first.run_id, b.first.run_id), strict=True)),
            **(dict(zip(COMPARED_RUNS, (a.ids, b.ids), strict=True)) if len(a.records) + len(b.records) > 2 else {}),
        }
        super().__init__(config, shared, asked.argv, {}, capture, None, tags, asked.made_by)
        self._params |= {d.key: _short(f"A: {d.a}   B: {d.b}") for d in differences}
        sides = [f"- {letter}: {_runs(side)}" for letter, side in zip("AB", (a, b), strict=True)]
        rows = [f"| {d.key} | {_cell(d.a)} | {_cell(d.b)} | {d.unit} |" for d in differences]
        table = ["| setting | A | B | unit |", "|---|---|---|---|", *rows] if rows else ["No setting differs."]
        self._first_tags = {**tags, NOTE: "\n".join([code_span(self.made_by), "", *sides, "", *table])}

    def _open(self) -> tuple[str, str, Path]:
        name = self.config.tracking.run_name or ""
        run_id, folder = self.session.create_run(name, self._first_tags)
        return run_id, name, folder


def _runs(side: Side) -> str:
    count = len(side.records)
    return f"run {side.first.run_id[:8]} ({side.label})" if count == 1 else f"{count} runs of {side.label}"


def _cell(text: str) -> str:
    """A value in a Markdown table, in which a | would end the cell."""
    return code_span(text.replace("|", "\\|"))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_PARAM else f"{text[: _LONGEST_PARAM - 1]}…"
