"""How do the spike statistics change from the original network to the notebook's? One command: see README.md.

One change at a time, from the original and from the changed end; five seeds; Brian2, and SpiNNaker on whatever machine
there is (without one, on the software board).
"""

import sys
from pathlib import Path

from analyse import ENDS, SEEDS, SMALL_SEEDS, analyse, arms, claims

from varesearch.studies import Session, Study, main

# The lists need 2 to 8 times real time on the cores where everything fires at once, and more at a tenth of the step.
_ON_SPINNAKER = ("backend=spinnaker", "backend.weight_range=drawn")
_FACTOR, _FACTOR_FINE = "backend.time_scale_factor=8", "backend.time_scale_factor=20"


def run(session: Session) -> None:
    """All runs of the study."""
    seeds = SMALL_SEEDS if session.small else SEEDS
    names = arms(session)
    common = [f"seed={','.join(map(str, seeds))}", "launcher=joblib"]
    if session.small:
        session.sweep(f"experiment={','.join(names)}", *common, "connectivity.n=100", "simulation.duration_ms=200")
        return
    session.sweep(f"experiment={','.join(names)}", *common)
    fine = [f"{end}_step" for end in ENDS]
    whole = [name for name in names if name not in fine]
    session.sweep(f"experiment={','.join(whole)}", *common, *_ON_SPINNAKER, _FACTOR)
    session.sweep(f"experiment={','.join(fine)}", *common, *_ON_SPINNAKER, _FACTOR_FINE)
    # What sPyNNaker's own rule for the range of weights makes of conductances.
    session.sweep("experiment=original", *common, "backend=spinnaker", "backend.weight_range=spynnaker", _FACTOR)


STUDY = Study(Path(__file__).parent, run, analyse, claims)

if __name__ == "__main__":
    sys.exit(main(STUDY))
