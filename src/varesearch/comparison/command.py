"""``varesearch compare``: what differs between two simulations, kept as a run of its own."""

from dataclasses import dataclass
from pathlib import Path

from varesearch.comparison.asked import Asked, asked
from varesearch.comparison.models import compare_models
from varesearch.comparison.settings import are_two_models, setting_differences
from varesearch.comparison.sides import Side, called, finished, planned, recorded
from varesearch.comparison.verdict import Answer
from varesearch.comparison.verdict_run import compare_runs
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.preflight import prepare
from varesearch.runner import run_tracked, say_ending
from varesearch.sweeps.command import Sweep, run_sweep
from varesearch.sweeps.dry_run import plan_page
from varesearch.terminal import Terminal
from varesearch.tracking import LogCapture, load_run

EXIT_CODES = {Answer.IDENTICAL: 0, Answer.EQUIVALENT: 0, Answer.DIFFERENT: 1, Answer.UNDECIDED: 2}


@dataclass(frozen=True)
class Comparison:
    """The result of a comparison: the exit code, and the id and the folder of the run that keeps it."""

    exit_code: int
    run_id: str
    folder: Path


def main(asked: Asked) -> int:
    """Carry out a comparison and return the exit code. Raises ConfigurationError for what cannot be compared."""
    sweeps = [] if asked.runs or asked.backends else _planned(asked)
    dry_run = bool(sweeps) and sweeps[0].planner.settings.dry_run
    for letter, words, sweep in zip("AB", asked.sides, sweeps, strict=False):
        print(f"{letter}: {called(words)}", flush=True)
        if dry_run:
            print(plan_page(sweep))
        elif code := run_sweep(sweep):
            return code
    if dry_run:
        return 0
    with LogCapture() as capture:
        try:
            if sweeps:
                a, b = (finished(sweep, words) for sweep, words in zip(sweeps, asked.sides, strict=True))
            else:
                a, b = _recorded(asked, capture)
            return compare(a, b, asked, capture).exit_code
        except ConfigurationError:
            raise
        except BaseException as error:
            return say_ending(error, capture)


def compare_recorded(a: str, b: str, capture: LogCapture) -> Comparison:
    """Compare two recorded runs, by id or name, as ``varesearch compare A B`` does.

    Raises ConfigurationError if they cannot be compared, and whatever stops the comparison.
    """
    wanted = asked([a, b], [a, b])
    return compare(*_recorded(wanted, capture), wanted, capture)


def compare(a: Side, b: Side, asked: Asked, capture: LogCapture) -> Comparison:
    """Compare two sides and keep the result as a run. Raises ConfigurationError if they cannot be compared.

    A single run on each side, with the same drawn network or the same model settings, gets a verdict: do they agree?
    Two models, or several seeds on a side, are described instead: what differs, by how much, and with which spread.
    """
    differences = setting_differences(a.resolved, b.resolved, asked.config_dir)
    hashes = [side.first.network_hash for side in (a, b)]
    single = len(a.records) == len(b.records) == 1
    if single and (hashes[0] == hashes[1] or not are_two_models(differences)):
        tracked, verdict = compare_runs(a, b, differences, asked, capture)
        return Comparison(EXIT_CODES[verdict.answer], tracked.run_id, tracked.folder)
    tracked = compare_models(a, b, differences, asked, capture)
    return Comparison(0, tracked.run_id, tracked.folder)


def _planned(asked: Asked) -> list[Sweep]:
    """The two sweeps over seeds, for sides given as settings. Raises ConfigurationError before anything is run."""
    sweeps = [planned(words, asked.seeds, asked.config_dir) for words in asked.sides]
    a, b = (sweep.jobs[0].composed.resolved for sweep in sweeps)
    if not setting_differences(a, b, asked.config_dir):
        raise ConfigurationError("the settings of the two sides are the same; change at least one of them on one side")
    if sweeps[0].planner.settings.tracking != sweeps[1].planner.settings.tracking:
        raise ConfigurationError(
            "tracking: both sides must be kept in the same store; write its settings after a second --"
        )
    return sweeps


def _recorded(asked: Asked, capture: LogCapture) -> tuple[Side, Side]:
    """Two recorded runs, or the runs that two back ends make now."""
    if asked.runs is not None:
        a, b = (recorded(name, asked.uri, asked.config_dir) for name in asked.runs)
        return a, b
    assert asked.backends is not None
    composed = [compose([*asked.sides[0], f"backend={name}"], asked.config_dir) for name in asked.backends]
    prepared = [prepare(one.config) for one in composed]
    sides = []
    for name, one, backend in zip(asked.backends, composed, prepared, strict=True):
        with LogCapture() as own:
            result = run_tracked(one, backend, own, Terminal(capture.terminal))
        uri = one.config.tracking.uri
        sides.append(Side(name, (load_run(result.run_id, uri),), uri=uri, config_dir=asked.config_dir))
    return sides[0], sides[1]
