"""The verdict on two runs of one model, kept as a run: do they agree?"""

from collections.abc import Sequence

from varesearch.backends import Workspace
from varesearch.comparison.asked import Asked
from varesearch.comparison.coincidence import divergence
from varesearch.comparison.effects import effects
from varesearch.comparison.figures import write_figures
from varesearch.comparison.keeping import tracked_metrics, write_comparison, write_verdict
from varesearch.comparison.measured import metrics_of
from varesearch.comparison.settings import SettingDifference
from varesearch.comparison.show import show_differences, show_effects, show_sides, show_verdict
from varesearch.comparison.sides import Side
from varesearch.comparison.spread import MIN_SEEDS, PERTURBATION_MV, Spread, cached_spread, measure_spread
from varesearch.comparison.tracked import Kept, keep_comparison
from varesearch.comparison.verdict import Answer, Verdict, judge, refuse_incomparable
from varesearch.config.errors import ConfigurationError
from varesearch.config.plain import as_plain
from varesearch.config.recorded_machine import Machine
from varesearch.config.restore import restore
from varesearch.config.schema import Config
from varesearch.network import Network
from varesearch.preflight import prepare
from varesearch.recording import Recording
from varesearch.simulation import probe, simulate
from varesearch.terminal import Terminal
from varesearch.tracking import LogCapture, RunRecord, project_root
from varesearch.tracking.description import science
from varesearch.tracking.files import RunFiles
from varesearch.tracking.root import STORE_FOLDER, cache_folder
from varesearch.tracking.tags import CANNOT_DECIDE, DECIDED_BY, VERDICT

SPREAD_FOLDER = "spread"


def compare_runs(
    a: Side,
    b: Side,
    differences: Sequence[SettingDifference],
    asked: Asked,
    capture: LogCapture,
) -> tuple[Kept, Verdict]:
    """Judge one run of each side and keep the verdict as a run. Raises ConfigurationError if they cannot be compared.

    If both runs have the same drawn network, their spike trains are judged too; otherwise (another seed) only the
    distributions are.
    """
    seeds = MIN_SEEDS if asked.seeds is None else asked.seeds
    if seeds < MIN_SEEDS:
        raise ConfigurationError(f"--seeds {seeds}: a verdict needs the natural spread over {MIN_SEEDS} seeds or more")
    runs = a.first, b.first
    recordings = runs[0].recording(), runs[1].recording()
    refuse_incomparable(*recordings)
    paired = runs[0].network_hash == runs[1].network_hash
    analysis = a.config.analysis
    found = effects(*([metrics_of(run, a.resolved["analysis"], analysis)] for run in runs))
    notes = [] if paired else [_why_unpaired(a, b)]
    terminal = Terminal(capture.terminal)
    alike = paired and divergence(*recordings).first_ms is None
    # Before anything is tracked: the machine of the record may have to be chosen by the user.
    reference = None if alike and not asked.machine.settings else _reference(a, b, asked.machine)
    if not alike and reference is not None:
        probe(prepare(reference), Workspace(cache=cache_folder()))

    def keep(run: RunFiles) -> Verdict:
        spread = None if alike or reference is None else _spread(reference, seeds, terminal)
        verdict = judge(*recordings, analysis, spread, paired)
        run.set_tags({VERDICT: verdict.answer.value, DECIDED_BY: verdict.reason})
        if verdict.undecided:
            mute = ", ".join(f"{one.metric} of {one.population}" for one in verdict.undecided)
            run.set_tags({CANNOT_DECIDE: mute})
        judged = {f"{j.metric} {j.population}".replace("(", "").replace(")", ""): j.value for j in verdict.judged}
        run.log_metrics(judged, "compare")
        run.log_metrics(tracked_metrics(found), "compare")
        write_comparison(run.folder, a, b, differences, found, notes)
        write_verdict(run.folder, verdict, spread, a, b)
        labels = _label(runs[0]), _label(runs[1])
        run.log_figures(write_figures(labels, recordings, verdict, spread, run.folder / "figures"))
        return verdict

    kept, verdict = keep_comparison(a, b, differences, asked, capture, keep)
    show_differences(terminal, differences)
    show_sides(terminal, a, b)
    for note in notes:
        terminal.line(f"note: {note}")
    if verdict.answer is not Answer.IDENTICAL:
        show_effects(terminal, found, beside_verdict=True)
    show_verdict(terminal, verdict)
    terminal.line(f"to see it: {kept.how_to_open}")
    return kept, verdict


def _why_unpaired(a: Side, b: Side) -> str:
    seeds = [side.seeds[0] for side in (a, b)]
    if seeds[0] != seeds[1]:
        return f"one model with the seeds {seeds[0]} and {seeds[1]}: only distributions are judged, not spike trains"
    return (
        "settings and seed are the same, but the drawn networks differ, so they were drawn by different versions of "
        "the code: only distributions are judged, not spike trains"
    )


def _label(run: RunRecord) -> str:
    return f"{run.params.get('backend.name', run.name)} {run.run_id[:6]}"


def _reference(a: Side, b: Side, machine: Machine) -> Config:
    """The configuration whose back end measures the spread: A's, unless that is SpiNNaker, which is slow.

    Raises ConfigurationError if it has the address of a machine that the user did not ask for.
    """
    side = min((a, b), key=lambda side: side.config.backend.name == "spinnaker")
    return restore(machine.applied(side.resolved), own=True, config_dir=side.config_dir)


def _spread(config: Config, seeds: int, terminal: Terminal) -> Spread:
    settings = science(as_plain(config))
    key = {"science": settings, "seeds": seeds, "perturbation_mv": PERTURBATION_MV, "version": 1}
    what = f"natural spread of {config.backend.name} over {seeds} seeds"

    def measure() -> Spread:
        with terminal.progress(what, 2 * seeds, "runs") as progress:
            return measure_spread(config, _simulate, seeds, PERTURBATION_MV, progress)

    spread = cached_spread(project_root() / STORE_FOLDER / SPREAD_FOLDER, key, measure)
    terminal.line(f"{what}{' (measured in an earlier session)' if spread.cached else ''}")
    return spread


def _simulate(config: Config, network: Network) -> Recording:
    result = simulate(network, prepare(config), Workspace(cache=cache_folder()))
    result.require_sound()
    if result.recording is None:
        raise ConfigurationError(f"backend={config.backend.name} returns no spikes here, so there is no natural spread")
    return result.recording
