"""Compare two sides: are they two simulations of one model that should agree, or two models that differ?

A single run on each side, with the same drawn network or the same model settings, gets a verdict: do they agree? Two
models, or several seeds on a side, are described instead: what differs, by how much, and with which spread. Either way
the comparison is stored as a run of its own, and shown.
"""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from varesearch.backends import backend_class
from varesearch.backends.base import Workspace
from varesearch.comparison.coincidence import divergence
from varesearch.comparison.effects import Effect, effects
from varesearch.comparison.figures import DrawnSide, write_figures
from varesearch.comparison.request import CompareRequest
from varesearch.comparison.samples import drawn_samples, metrics_of, same_analysis
from varesearch.comparison.settings import SettingDifference, are_two_models, setting_differences
from varesearch.comparison.show import show_differences, show_effects, show_looked_at, show_sides, show_verdict, size_of
from varesearch.comparison.sides import Side, command_over_seeds
from varesearch.comparison.spread import MIN_SEEDS, PERTURBATION_MV, NaturalSpread, cached_spread, measure_spread
from varesearch.comparison.storing import (
    StoredComparison,
    store_comparison,
    tracked_metrics,
    write_comparison,
    write_verdict,
)
from varesearch.comparison.verdict import Answer, Verdict, judge, refuse_incomparable
from varesearch.config.errors import ConfigurationError
from varesearch.config.files import input_files
from varesearch.config.plain import as_plain
from varesearch.config.restore import MachineChoice, restore
from varesearch.config.schema import AnalysisConfig, Config
from varesearch.config.wording import mean_and_sd
from varesearch.identity import libraries, metric_libraries, part_modules, science_hash
from varesearch.metrics import metric_definitions
from varesearch.network import Network
from varesearch.preflight import prepare
from varesearch.recording import Recording
from varesearch.rerun.files import check_input_files
from varesearch.simulation import probe, simulate
from varesearch.terminal import Terminal
from varesearch.tracking import LogCapture, project_root
from varesearch.tracking.files import RunFiles
from varesearch.tracking.location import STORE_FOLDER, cache_folder
from varesearch.tracking.provenance import science
from varesearch.tracking.tags import CANNOT_DECIDE, DECIDED_BY, VERDICT

NOT_JUDGED = "not judged: two models"
"""Stored instead of a verdict: the question about two models is how far they differ, not whether they agree."""

EXIT_CODES = {Answer.IDENTICAL: 0, Answer.EQUIVALENT: 0, Answer.DIFFERENT: 1, Answer.UNDECIDED: 2}
SPREAD_FOLDER = "spread"

Judge = Callable[[], tuple[Verdict, NaturalSpread | None]]


def compare(a: Side, b: Side, request: CompareRequest, capture: LogCapture) -> StoredComparison:
    """Compare two sides, store the result as a run, and show it.

    Raises
    ------
    ConfigurationError
        The sides cannot be compared. Nothing is stored then.
    """
    terminal = Terminal(capture.terminal)
    differences = setting_differences(a.resolved, b.resolved, request.config_dir)
    two_models = are_two_models(differences)
    same_network = a.first.network_hash == b.first.network_hash
    judge_runs: Judge | None = None
    recordings: tuple[Recording, Recording] | None = None
    if len(a.records) == len(b.records) == 1 and (same_network or not two_models):
        judge_runs, recordings = _prepared_judge(a, b, same_network, request, terminal)
        notes = [] if same_network else [_why_unpaired(a, b)]
    else:
        notes = _notes(a, b, differences, _several_seeds(a, b, two_models, request))
    plain, analysis = a.resolved["analysis"], a.config.analysis
    found = effects(
        *([metrics_of(record, plain, analysis, side.config_dir) for record in side.records] for side in (a, b))
    )

    def work(run: RunFiles) -> Verdict | None:
        verdict, spread = (None, None) if judge_runs is None else judge_runs()
        if verdict is None:
            run.set_tags({VERDICT: NOT_JUDGED, DECIDED_BY: _in_short(found, a)})
        else:
            _store_verdict(run, verdict, spread, a, b)
        run.log_metrics(tracked_metrics(found), "compare")
        write_comparison(run.folder, a, b, differences, found, notes)
        first_a, first_b = recordings or (a.first.recording(), b.first.recording())
        drawn = _drawn(a, first_a, analysis), _drawn(b, first_b, analysis)
        write_figures(*drawn, found, analysis, run.folder / "figures", verdict, spread)
        return verdict

    stored, verdict = store_comparison(a, b, differences, request.words, capture, work)
    if verdict is None and two_models:
        terminal.line("these are two models, not two simulations of one network; what differs is:", style="bold")
    elif verdict is None:
        terminal.line("this is one model over several seeds; it is simulated with different settings:", style="bold")
    show_differences(terminal, differences)
    show_sides(terminal, a, b)
    if verdict is None or verdict.answer is not Answer.IDENTICAL:
        show_effects(terminal, found, beside_verdict=verdict is not None, config_dir=a.config_dir)
    for note in notes:
        terminal.line(f"note: {note}")
    if verdict is None:
        show_looked_at(terminal, found)
    else:
        show_verdict(terminal, verdict)
    terminal.line(f"to see it: {stored.how_to_open}")
    return dataclasses.replace(stored, exit_code=0 if verdict is None else EXIT_CODES[verdict.answer])


def _drawn(side: Side, first: Recording, analysis: AnalysisConfig) -> DrawnSide:
    """The ``first`` recording is kept in memory; of the others, only what is drawn."""
    rest = (record.recording() for record in side.records[1:])
    samples = [drawn_samples(recording, analysis, side.config_dir) for recording in (first, *rest)]
    return DrawnSide(side.label, first, samples, side.config_dir)


# Two simulations of one model: a verdict


def _prepared_judge(
    a: Side, b: Side, paired: bool, request: CompareRequest, terminal: Terminal
) -> tuple[Judge, tuple[Recording, Recording]]:
    """Refuse what cannot be judged before anything is stored; the function that judges then, and both recordings.

    If both runs have the same drawn network (``paired``), their spike trains are judged, too; otherwise (another seed)
    only the distributions are.
    """
    seeds = MIN_SEEDS if request.seeds is None else request.seeds
    if seeds < MIN_SEEDS:
        raise ConfigurationError(f"--seeds {seeds}: a verdict needs the natural spread over {MIN_SEEDS} seeds or more")
    recordings = a.first.recording(), b.first.recording()
    refuse_incomparable(*recordings)
    identical = paired and divergence(*recordings).first_ms is None
    # Also for identical runs: the user may have named a machine that does not fit the record.
    reference = None if identical and not request.machine.settings else _reference(a, b, request.machine)
    if reference is not None and not identical:
        probe(prepare(reference, a.config_dir), Workspace(cache=cache_folder()))

    def judge_runs() -> tuple[Verdict, NaturalSpread | None]:
        spread = None if identical or reference is None else _spread(reference, a, seeds, terminal)
        return judge(*recordings, a.config.analysis, spread, paired, a.config_dir), spread

    return judge_runs, recordings


def _store_verdict(run: RunFiles, verdict: Verdict, spread: NaturalSpread | None, a: Side, b: Side) -> None:
    run.set_tags({VERDICT: verdict.answer.value, DECIDED_BY: verdict.reason})
    if verdict.undecided:
        undecided = ", ".join(f"{judged.metric} of {judged.population}" for judged in verdict.undecided)
        run.set_tags({CANNOT_DECIDE: undecided})
    values = {f"{j.metric} {j.population}".replace("(", "").replace(")", ""): j.value for j in verdict.judged}
    run.log_metrics(values, "compare")
    write_verdict(run.folder, verdict, spread, a, b)


def _why_unpaired(a: Side, b: Side) -> str:
    seeds = a.seeds[0], b.seeds[0]
    if seeds[0] != seeds[1]:
        return f"one model with the seeds {seeds[0]} and {seeds[1]}: only distributions are judged, not spike trains"
    return (
        "settings and seed are the same, but the drawn networks differ, so they were drawn by different versions of "
        "the code: only distributions are judged, not spike trains"
    )


def _reference(a: Side, b: Side, machine: MachineChoice) -> Config:
    """The configuration whose back end measures the spread: A's, unless that is a slow one.

    Raises ConfigurationError if it has the address of a machine that the user did not ask for, or if a file that it
    names has changed.
    """
    side = min((a, b), key=lambda side: backend_class(type(side.config.backend)).slow)
    config = restore(machine.applied_to(side.resolved, side.config_dir), own=True, config_dir=side.config_dir)
    check_input_files(side.first, config)
    return config


def _spread(config: Config, side: Side, seeds: int, terminal: Terminal) -> NaturalSpread:
    backend = backend_class(type(config.backend))
    key = {
        "science": science(as_plain(config)),
        "files": [file.sha256 for file in input_files(config)],
        "code": science_hash(backend, part_modules(config, side.config_dir)),
        "libraries": libraries(backend, metric_libraries(config, side.config_dir)),
        "seeds": seeds,
        "perturbation_mv": PERTURBATION_MV,
    }
    what = f"natural spread of {backend.name} over {seeds} seeds"

    def simulated(seeded: Config, network: Network) -> Recording:
        return _simulate(seeded, network, side.config_dir)

    def measure() -> NaturalSpread:
        with terminal.progress(what, 2 * seeds, "runs") as progress:
            return measure_spread(config, simulated, seeds, PERTURBATION_MV, progress, side.config_dir)

    spread = cached_spread(project_root() / STORE_FOLDER / SPREAD_FOLDER, key, measure)
    terminal.line(f"{what}{' (measured in an earlier session)' if spread.cached else ''}")
    return spread


def _simulate(config: Config, network: Network, config_dir: Path | None) -> Recording:
    result = simulate(network, prepare(config, config_dir), Workspace(cache=cache_folder()))
    result.require_sound()
    if result.recording is None:
        raise ConfigurationError(f"backend={config.backend.name} returns no spikes here, so there is no natural spread")
    return result.recording


# Two models: a description


def _several_seeds(a: Side, b: Side, two_models: bool, request: CompareRequest) -> str:
    """The command that compares two recorded runs over several seeds, or "".

    Raises ConfigurationError if the user gave a number of seeds for recorded runs.
    """
    again = command_over_seeds(a, b) if request.runs and two_models else ""
    if request.runs and request.seeds is not None:
        how = f"; to run both over {request.seeds} seeds: {again}" if again else ""
        raise ConfigurationError(f"--seeds {request.seeds}: recorded runs are compared as they are{how}")
    return again


def _in_short(found: Sequence[Effect], side: Side) -> str:
    """The first metric of summaries in one line, for lists of runs."""
    definitions = metric_definitions(side.config_dir)
    name = next(name for name, definition in definitions.items() if definition.in_summary)
    parts = []
    for effect in (effect for effect in found if effect.metric == name):
        a, b = mean_and_sd(effect.mean_a, effect.sd_a), mean_and_sd(effect.mean_b, effect.sd_b)
        g = "" if effect.size is None else f", g = {size_of(effect).rstrip()}"
        label = definitions[name].label or name
        parts.append(f"{label} of {effect.population} {a} and {b} {effect.unit}{g}")
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
    if "backend.name" not in keys and _made_differently(a, b):
        notes.append("the runs were made with different versions of varesearch or of libraries, not only settings")
    for letter, side in (("A", a), ("B", b)):
        degraded = [record.why_degraded for record in side.records if record.why_degraded]
        if degraded:
            reason = degraded[0]
            notes.append(f"{len(degraded)} of {len(side.records)} runs of {letter} are DEGRADED: {reason}")
        if side.missing:
            notes.append(f"{side.missing} runs of {letter} have no results and are left out")
    return notes


def _made_differently(a: Side, b: Side) -> bool:
    """Whether the code or the libraries of the runs differ otherwise than by the parts that the settings choose."""
    if part_modules(a.config, a.config_dir) == part_modules(b.config, b.config_dir):
        return len({(record.science, record.libraries) for side in (a, b) for record in side.records}) > 1
    within = [{record.science for record in side.records} for side in (a, b)]
    across = {(record.commit, record.libraries) for side in (a, b) for record in side.records}
    return len(across) > 1 or any(len(each) > 1 for each in within)


def _sizes(side: Side) -> tuple[float, int]:
    config = side.config
    return config.simulation.duration_ms, config.connectivity.n
