"""``varesearch compare``: find or make the runs of both sides, and compare them."""

from varesearch.comparison.comparing import compare
from varesearch.comparison.request import CompareRequest, compare_request
from varesearch.comparison.settings import setting_differences
from varesearch.comparison.sides import Side, finished, label_of, planned, recorded
from varesearch.comparison.storing import StoredComparison
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.preflight import prepare
from varesearch.report import write_report
from varesearch.runner import run_tracked, say_ending
from varesearch.sweeps.command import Sweep, run_sweep
from varesearch.sweeps.show import plan_page
from varesearch.terminal import Terminal
from varesearch.tracking import LogCapture, load_run


def main(request: CompareRequest) -> int:
    """Carry out a comparison and return the exit code. Raises ConfigurationError for what cannot be compared."""
    sweeps = [] if request.runs or request.backends else _planned(request)
    dry_run = bool(sweeps) and sweeps[0].planner.settings.dry_run
    for letter, words, sweep in zip("AB", request.sides, sweeps, strict=False):
        print(f"{letter}: {label_of(words)}", flush=True)
        if dry_run:
            print(plan_page(sweep))
        elif code := run_sweep(sweep, write_report):
            return code
    if dry_run:
        return 0
    with LogCapture() as capture:
        try:
            if sweeps:
                a, b = (finished(sweep, words) for sweep, words in zip(sweeps, request.sides, strict=True))
            else:
                a, b = _recorded(request, capture)
            return compare(a, b, request, capture).exit_code
        except ConfigurationError:
            raise
        except BaseException as error:
            return say_ending(error, capture)


def compare_recorded(a: str, b: str, capture: LogCapture) -> StoredComparison:
    """Compare two recorded runs, by id or name, as ``varesearch compare A B`` does.

    Raises ConfigurationError if they cannot be compared, and whatever stops the comparison.
    """
    request = compare_request([a, b], [a, b])
    return compare(*_recorded(request, capture), request, capture)


def _planned(request: CompareRequest) -> list[Sweep]:
    """The two sweeps over seeds, for sides given as settings. Raises ConfigurationError before anything is run."""
    sweeps = [planned(words, request.seeds, request.config_dir) for words in request.sides]
    a, b = (sweep.jobs[0].composed.resolved for sweep in sweeps)
    if not setting_differences(a, b, request.config_dir):
        raise ConfigurationError("the settings of the two sides are the same; change at least one of them on one side")
    if sweeps[0].planner.settings.tracking != sweeps[1].planner.settings.tracking:
        raise ConfigurationError(
            "tracking: both sides must be kept in the same store; write its settings after a second --"
        )
    return sweeps


def _recorded(request: CompareRequest, capture: LogCapture) -> tuple[Side, Side]:
    """Two recorded runs, or the runs that two back ends make now."""
    if request.runs is not None:
        a, b = (recorded(name, request.uri, request.config_dir) for name in request.runs)
        return a, b
    assert request.backends is not None
    composed = [compose([*request.sides[0], f"backend={name}"], request.config_dir) for name in request.backends]
    prepared = [prepare(one.config, one.config_dir) for one in composed]
    sides = []
    for name, one, backend in zip(request.backends, composed, prepared, strict=True):
        with LogCapture() as own:
            result = run_tracked(one, backend, own, Terminal(capture.terminal))
        uri = one.config.tracking.uri
        sides.append(Side(name, (load_run(result.run_id, uri),), uri=uri, config_dir=request.config_dir))
    return sides[0], sides[1]
