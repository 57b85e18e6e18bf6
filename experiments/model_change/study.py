"""How do the spike statistics change from the original network to the notebook's? See README.md.

One change at a time, from the original and from the changed end; five seeds; Brian2, and SpiNNaker on whatever machine
there is (without one, on the software board).
"""

from pathlib import Path

from analyse import SEEDS, SMALL_SEEDS, analyse, arms, claims

from varesearch_tools.studies import Study, StudySession

_ON_SPINNAKER = ("backend=spinnaker", "backend.weight_range=drawn")
# Times real time that the cores need: a step of 0.1 ms asks for ten, and whole populations that fire at once for more.
_FACTOR = 8
_FACTORS = {
    16: ("original_cell", "original_weights", "changed_cell"),
    20: ("original_step", "changed_step"),
    64: ("original_i_offset", "changed_size"),
}


def run(session: StudySession) -> None:
    """All runs of the study."""
    seeds = SMALL_SEEDS if session.small else SEEDS
    names = arms(session)
    common = [f"seed={','.join(map(str, seeds))}", "launcher=local"]
    if session.small:
        session.sweep(f"experiment={','.join(names)}", *common, "connectivity.n=100", "simulation.duration_ms=200")
        return
    session.sweep(f"experiment={','.join(names)}", *common)
    # Is it the scheme? The machine's, in float64.
    session.sweep("experiment=original,changed_size", *common, "cell.integrator=spinnaker")
    others = [name for name in names if not any(name in slower for slower in _FACTORS.values())]
    for factor, chosen in {_FACTOR: others, **_FACTORS}.items():
        slower = f"backend.time_scale_factor={factor}"
        session.sweep(f"experiment={','.join(chosen)}", *common, *_ON_SPINNAKER, slower)
    # What sPyNNaker's own rule for the range of weights makes of conductances.
    rule = ("backend=spinnaker", "backend.weight_range=spynnaker", f"backend.time_scale_factor={_FACTOR}")
    session.sweep("experiment=original", *common, *rule)


STUDY = Study(Path(__file__).parent, run, analyse, claims)
