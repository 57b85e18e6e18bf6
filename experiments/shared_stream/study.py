"""What does one generator for all draws do to a network? See README.md."""

from pathlib import Path

from analyse import NETWORKS, STREAMS, analyse, claims, seeds

from varesearch_tools.studies import Study, StudySession


def run(session: StudySession) -> None:
    """Both networks, drawn both ways."""
    small = ["connectivity.n=200", "simulation.duration_ms=300", "simulation.dt_ms=1", "connectivity.delay_ms=2"]
    session.sweep(
        f"experiment={','.join(NETWORKS)}",
        f"connectivity.streams={','.join(STREAMS)}",
        f"seed={','.join(str(value) for value in seeds(session))}",
        "launcher=local",
        *([*small, "analysis.warmup_ms=20"] if session.small else []),
    )


STUDY = Study(Path(__file__).parent, run, analyse, claims)
