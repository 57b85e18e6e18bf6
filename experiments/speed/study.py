"""When is each back end the one to use? See README.md."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from analyse import analyse, claims, sessions

from varesearch.phases import PhaseTime
from varesearch.tracking.location import checkout_root
from varesearch_tools.benchmarks.session import BenchmarkSession, Case, Repetition, Result
from varesearch_tools.benchmarks.tracking import track_session
from varesearch_tools.benchmarks.worker import measure
from varesearch_tools.studies import StoppedError, Study, StudySession

_SIZES, _DURATION_MS = (60, 120), 200.0


def run(session: StudySession) -> None:
    """A session of ``make bench``, unless the tracker has one already."""
    if sessions(session):
        return
    if session.small:
        track_session(_small(), experiment=session.experiment)
        return
    words = ["-m", "pytest", "-m", "benchmark", "-s", *session.words]
    code = subprocess.run([sys.executable, *words], cwd=checkout_root(), check=False).returncode
    if code:
        raise StoppedError(code)


def _small() -> BenchmarkSession:
    """Two sizes on one back end, once each, in this process: enough to see that the analysis runs."""
    results = {}
    for cells in _SIZES:
        measured = measure(
            [
                "experiment=seed_izhikevich",
                f"connectivity.n={cells}",
                "connectivity.p=0.2",
                f"simulation.duration_ms={_DURATION_MS:g}",
                "recording.signals=[]",
                "analysis.warmup_ms=0",
            ]
        )
        key = f"seed-{cells}-varesearch-brian2_numpy"
        case = Case(key, "seed", cells, "varesearch", "brian2_numpy", "none", _DURATION_MS, False, None)
        spent = measured.phases.values()
        process = PhaseTime(sum(phase.wall_s for phase in spent), sum(phase.cpu_s for phase in spent))
        results[key] = Result(case, (Repetition(measured, process),))
    machine = {"processor": "this one", "cores": 1, "memory_gb": 0.0, "system": sys.platform}
    return BenchmarkSession(datetime.now(UTC).isoformat(), None, True, machine, {}, results)


STUDY = Study(Path(__file__).parent, run, analyse, claims)
