"""``python -m varesearch.compare A B``: two runs in, a verdict out, kept as a run of its own."""

import argparse
import csv
import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from varesearch.backends import BACKENDS, backend_class
from varesearch.compare.coincidence import divergence
from varesearch.compare.figures import write_figures
from varesearch.compare.spread import MIN_SEEDS, PERTURBATION_MV, Spread, cached_spread, measure_spread
from varesearch.compare.verdict import Answer, Verdict, judge, refuse_incomparable
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.restore import restore
from varesearch.config.schema import Config
from varesearch.network import Network
from varesearch.preflight import check
from varesearch.recording import Recording
from varesearch.runner import run_tracked
from varesearch.simulation import simulate
from varesearch.terminal import Terminal
from varesearch.tracking import LogCapture, RunRecord, ending, load_run, project_root, track
from varesearch.tracking.naming import science
from varesearch.tracking.root import STORE_FOLDER, cache_folder
from varesearch.tracking.tags import COMPARED, COMPARISON_KIND, DECIDED_BY, KIND, NETWORK_HASH, VERDICT

SPREAD_FOLDER = "spread"

_DESCRIPTION = """\
Do two runs agree? A and B are runs (id, its first characters, or name), or two back ends: then what follows is
composed as for `python -m varesearch`, run on both, and compared.

The verdict is judged against the natural spread of one back end over seeds, which is measured once for a
configuration and kept. Exit code 0: identical, or equivalent within natural variability; 1: different; 2: the two
cannot be compared."""


@dataclass(frozen=True)
class Comparison:
    """What came of it. ``folder`` is that of the comparison's own run."""

    verdict: Verdict
    spread: Spread | None
    run_id: str
    folder: Path


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m varesearch.compare",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: python -m varesearch.compare brian2 nest cell=izhikevich_delta",
    )
    parser.add_argument("a", help="a run, or a back end")
    parser.add_argument("b", help="another")
    parser.add_argument("overrides", nargs="*", help="settings, when A and B are back ends")
    parser.add_argument("--seeds", type=int, default=MIN_SEEDS, help=f"seeds of the spread (default {MIN_SEEDS})")
    parser.add_argument(
        "--other-seed", action="store_true", help="the runs are of different networks: compare distributions only"
    )
    words = parser.parse_args(argv)
    with LogCapture() as capture:
        try:
            if words.seeds < MIN_SEEDS:
                raise ConfigurationError(f"--seeds {words.seeds}: a spread needs {MIN_SEEDS} or more")
            a, b = _resolve(words.a, words.b, words.overrides, capture)
            comparison = compare(a, b, capture, words.seeds, paired=not words.other_seed)
        except ConfigurationError as error:
            Terminal(capture.errors).line(f"varesearch.compare: {error}")
            return 2
        except BaseException as error:
            how = ending(error)
            Terminal(capture.errors).line(f"varesearch.compare: {how.status}: {how.reason}")
            return how.exit_code
    return 1 if comparison.verdict.answer is Answer.DIFFERENT else 0


def _resolve(a: str, b: str, overrides: Sequence[str], capture: LogCapture) -> tuple[RunRecord, RunRecord]:
    if a in BACKENDS and b in BACKENDS:
        composed = [compose([*overrides, f"backend={name}"]) for name in (a, b)]
        for one in composed:
            check(one.config)
        results = []
        for one in composed:
            with LogCapture() as own:
                results.append(run_tracked(one, own, Terminal(capture.terminal)))
        return load_run(results[0].run_id), load_run(results[1].run_id)
    if overrides:
        raise ConfigurationError(
            f"{overrides[0]}: settings go with two back ends ({', '.join(BACKENDS)}), not with recorded runs"
        )
    return load_run(a), load_run(b)


def compare(a: RunRecord, b: RunRecord, capture: LogCapture, seeds: int = MIN_SEEDS, paired: bool = True) -> Comparison:
    """Judge two recorded runs and keep the verdict as a run. Raises ConfigurationError if they cannot be compared."""
    _refuse(a, b, paired)
    terminal = Terminal(capture.terminal)
    recordings = a.recording(), b.recording()
    refuse_incomparable(*recordings)
    resolved = a.config()
    config = restore(resolved)
    name = f"compare {a.name} with {b.name}"
    shown = dataclasses.replace(config, tracking=dataclasses.replace(config.tracking, run_name=name))
    with track(shown, resolved, (), {}, log_capture=capture) as tracked:
        tracked.set_tags({KIND: COMPARISON_KIND, **dict(zip(COMPARED, (a.run_id, b.run_id), strict=True))})
        alike = paired and _same_trains(recordings)
        spread = None if alike else _spread(_reference(a, b), seeds, terminal)
        verdict = judge(*recordings, config.analysis, spread, paired)
        tracked.set_tags({VERDICT: verdict.answer.value, DECIDED_BY: verdict.reason})
        tracked.log_metrics(
            {f"{j.metric} {j.population}".replace("(", "").replace(")", ""): j.value for j in verdict.judged}, "compare"
        )
        _write(tracked.folder, verdict, spread, a, b)
        labels = (_label(a), _label(b))
        tracked.log_figures(write_figures(labels, recordings, verdict, spread, tracked.folder / "figures"))
    _show(terminal, a, b, verdict, spread, tracked.how_to_open)
    return Comparison(verdict, spread, tracked.run_id, tracked.folder)


def _refuse(a: RunRecord, b: RunRecord, paired: bool) -> None:
    for run in (a, b):
        if run.status != "FINISHED":
            raise ConfigurationError(f"run {run.run_id[:8]} ({run.name}) is {run.status}; choose a finished one")
        if run.tags.get(KIND) == COMPARISON_KIND:
            raise ConfigurationError(f"run {run.run_id[:8]} is a comparison itself; choose the runs it compared")
        if run.tags.get("mapping only"):
            raise ConfigurationError(
                f"run {run.run_id[:8]} ({run.name}) is a mapping only: it has no spikes to compare"
            )
    hashes = [run.tags.get(NETWORK_HASH) for run in (a, b)]
    if paired and hashes[0] != hashes[1]:
        raise ConfigurationError(
            f"the runs cannot be compared: they are of different networks ({str(hashes[0])[:12]}, "
            f"{str(hashes[1])[:12]}); with --other-seed their distributions can"
        )


def _same_trains(recordings: tuple[Recording, Recording]) -> bool:
    return divergence(*recordings).first_ms is None


def _label(run: RunRecord) -> str:
    return f"{run.params.get('backend.name', run.name)} {run.run_id[:6]}"


def _reference(a: RunRecord, b: RunRecord) -> Config:
    """The configuration whose back end gives the spread: A's, unless that is SpiNNaker and B's is quicker."""
    configs = [restore(run.config()) for run in (a, b)]
    return min(configs, key=lambda config: config.backend.name == "spinnaker")


def _spread(config: Config, seeds: int, terminal: Terminal) -> Spread:
    settings = science(dataclasses.asdict(config))
    key = {"science": settings, "seeds": seeds, "perturbation_mv": PERTURBATION_MV, "version": 1}
    what = f"natural spread of {config.backend.name} over {seeds} seeds"

    def measure() -> Spread:
        with terminal.progress(what, 2 * seeds, "runs") as progress:
            return measure_spread(config, _simulate, seeds, PERTURBATION_MV, progress)

    spread = cached_spread(project_root() / STORE_FOLDER / SPREAD_FOLDER, key, measure)
    terminal.line(f"{what}{' (measured in an earlier session)' if spread.cached else ''}")
    return spread


def _simulate(config: Config, network: Network) -> Recording:
    backend = backend_class(config.backend.name)(config)
    backend.cache = cache_folder()
    try:
        backend.load()
        simulated = simulate(backend, network)
    finally:
        backend.close()
    simulated.require_sound()
    recording = simulated.recording
    if recording is None:
        raise ConfigurationError(f"backend={config.backend.name} gives no spikes here, so no natural spread")
    return recording


def _write(folder: Path, verdict: Verdict, spread: Spread | None, a: RunRecord, b: RunRecord) -> None:
    parting = verdict.divergence
    content = {
        "a": {"run": a.run_id, "name": a.name},
        "b": {"run": b.run_id, "name": b.name},
        "verdict": verdict.answer.value,
        "decided_by": verdict.reason,
        "first_difference_ms": parting.first_ms if parting else None,
        "first_difference_cell": parting.first_cell if parting else None,
        "spread": None
        if spread is None
        else {"backend": spread.backend, "seeds": spread.seeds, "from_an_earlier_session": spread.cached},
    }
    (folder / "verdict.json").write_text(json.dumps(content, indent=2) + "\n")
    with (folder / "judged.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["metric", "population", "value", "limit", "excess", "within"])
        rows.writerows([j.metric, j.population, j.value, j.limit, j.excess, j.within] for j in verdict.judged)


def _show(
    terminal: Terminal, a: RunRecord, b: RunRecord, verdict: Verdict, spread: Spread | None, how_to_open: str
) -> None:
    terminal.line(f"A  {a.run_id[:8]}  {a.name}")
    terminal.line(f"B  {b.run_id[:8]}  {b.name}")
    if verdict.judged:
        terminal.judged([(j.metric, j.population, j.value, j.limit, j.within) for j in verdict.judged])
    if verdict.divergence is not None and verdict.divergence.first_ms is not None:
        parting = verdict.divergence
        terminal.line(f"first difference at {parting.first_ms:g} ms, in cell {parting.first_cell}")
    terminal.line(f"{verdict.answer.value.upper()}: {verdict.reason}", style="bold")
    terminal.line(f"to see it: {how_to_open}")
