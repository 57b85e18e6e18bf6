"""Where is the changed network balanced, silent, saturated? See README.md."""

from pathlib import Path

from analyse import analyse, claims, currents, ratios, seeds

from varesearch_tools.studies import Study, StudySession


def run(session: StudySession) -> None:
    """Every i_offset with every w_inh; w_exc is 1, so that w_inh is the ratio."""
    small = ["connectivity.n=100", "simulation.duration_ms=200"] if session.small else []
    session.sweep(
        "experiment=balance",
        f"cell.i_offset={','.join(f'{value:g}' for value in currents(session))}",
        f"cell.weight_inh={','.join(f'{value:g}' for value in ratios(session))}",
        f"seed={','.join(str(value) for value in seeds(session))}",
        "launcher=local",
        *small,
    )


STUDY = Study(Path(__file__).parent, run, analyse, claims)
