"""Compare two models, or one on two simulators, over one or more seeds: what differs, and how large the effects are."""

from collections.abc import Sequence

from varesearch.comparison.asked import Asked
from varesearch.comparison.effects import Effect, effects
from varesearch.comparison.keeping import tracked_metrics, write_comparison
from varesearch.comparison.measured import metrics_of, same_analysis, shown_of
from varesearch.comparison.model_figures import Drawn, write_model_figures
from varesearch.comparison.settings import SettingDifference, are_two_models
from varesearch.comparison.show import (
    show_differences,
    show_effects,
    show_looked_at,
    show_sides,
    size_of,
)
from varesearch.comparison.sides import Side, command_over_seeds
from varesearch.comparison.tracked import Kept, keep_comparison
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import AnalysisConfig
from varesearch.config.wording import mean_and_sd
from varesearch.terminal import Terminal
from varesearch.tracking import LogCapture
from varesearch.tracking.files import RunFiles
from varesearch.tracking.tags import DECIDED_BY, VERDICT

NOT_JUDGED = "not judged: two models"
"""Stored instead of a verdict: of two models one asks how far they differ, not whether they agree."""


def compare_models(
    a: Side,
    b: Side,
    differences: Sequence[SettingDifference],
    asked: Asked,
    capture: LogCapture,
) -> Kept:
    """Describe the differences, store them as a run, and show them.

    Raises ConfigurationError for sides that cannot be compared.
    """
    two = are_two_models(list(differences))
    again = command_over_seeds(a, b) if asked.runs and two else ""
    if asked.runs and asked.seeds is not None:
        how = f"; to run both over {asked.seeds} seeds: {again}" if again else ""
        raise ConfigurationError(f"--seeds {asked.seeds}: recorded runs are compared as they are{how}")
    terminal = Terminal(capture.terminal)
    resolved, analysis = a.resolved["analysis"], a.config.analysis
    found = effects(*([metrics_of(record, resolved, analysis) for record in side.records] for side in (a, b)))
    notes = _notes(a, b, differences, again)

    def keep(run: RunFiles) -> None:
        run.set_tags({VERDICT: NOT_JUDGED, DECIDED_BY: _in_short(found)})
        run.log_metrics(tracked_metrics(found), "compare")
        write_comparison(run.folder, a, b, differences, found, notes)
        drawn = _drawn(a, analysis), _drawn(b, analysis)
        run.log_figures(write_model_figures(*drawn, found, analysis, run.folder / "figures"))

    kept, _ = keep_comparison(a, b, differences, asked, capture, keep)
    if two:
        terminal.line("these are two models, not two simulations of one network; what differs is:", style="bold")
    else:
        terminal.line("this is one model over several seeds; it is simulated with different settings:", style="bold")
    show_differences(terminal, differences)
    show_sides(terminal, a, b)
    show_effects(terminal, found)
    for note in notes:
        terminal.line(f"note: {note}")
    show_looked_at(terminal, found)
    terminal.line(f"to see it: {kept.how_to_open}")
    return kept


def _drawn(side: Side, analysis: AnalysisConfig) -> Drawn:
    """The first recording is kept in memory; of the others, only what is drawn."""
    first = side.first.recording()
    runs = [shown_of(first, analysis), *(shown_of(record.recording(), analysis) for record in side.records[1:])]
    return Drawn(side.label, first, runs)


def _in_short(found: Sequence[Effect]) -> str:
    """The rates in one line, for lists of runs."""
    parts = []
    for effect in (e for e in found if e.metric == "rate_hz"):
        a, b = mean_and_sd(effect.mean_a, effect.sd_a), mean_and_sd(effect.mean_b, effect.sd_b)
        g = "" if effect.size is None else f", g = {size_of(effect).rstrip()}"
        parts.append(f"rate of {effect.population} {a} and {b} Hz{g}")
    return "; ".join(parts)


def _notes(a: Side, b: Side, differences: Sequence[SettingDifference], again: str) -> list[str]:
    """What a reader has to know before attributing a difference to the settings."""
    keys = {each.key for each in differences}
    notes = []
    fewest = min(len(a.records), len(b.records))
    if fewest == 1:
        which = "one seed each" if len(a.records) == len(b.records) == 1 else "one seed on one side"
        how = f"; to run both over more seeds: {again}" if again else "; use --seeds N"
        notes.append(f"{which}: the spread is not known, so these differences cannot be told from chance{how}")
    if any(key.startswith("backend.name") for key in keys) and are_two_models(list(differences)):
        notes.append("the simulators differ, too, and may cause differences; compare one model on both of them first")
    if "simulation.duration_ms" in keys or _sizes(a) != _sizes(b):
        notes.append("the runs differ in length or size: counts of spikes are not comparable, rates are")
    if not same_analysis(a.resolved["analysis"], b.resolved["analysis"]):
        notes.append("the runs were analysed with different settings: here, B is analysed with those of A")
    made_by = [(record.science, record.libraries) for side in (a, b) for record in side.records]
    same_simulator = "backend.name" not in keys
    if same_simulator and any(one != made_by[0] for one in made_by[1:]):
        notes.append("the runs were made with different versions of varesearch or of libraries, not only settings")
    for letter, side in (("A", a), ("B", b)):
        degraded = [record.why_degraded for record in side.records if record.why_degraded]
        if degraded:
            reason = degraded[0]
            notes.append(f"{len(degraded)} of {len(side.records)} runs of {letter} are DEGRADED: {reason}")
        if side.missing:
            notes.append(f"{side.missing} runs of {letter} have no results and are left out")
    return notes


def _sizes(side: Side) -> tuple[float, int]:
    config = side.config
    return config.simulation.duration_ms, config.connectivity.n
