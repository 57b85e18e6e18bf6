"""Do Brian2, NEST and SpiNNaker agree, and what of their difference is scheme, rounding, or weights? See README.md."""

from collections import defaultdict
from pathlib import Path

from analyse import CHAIN, VERDICTS, analyse, claims, compared, key, members, seeds

from varesearch.comparison.command import compare_recorded
from varesearch.tracking import LogCapture
from varesearch_tools.studies import Study, StudySession, chosen, finished_runs

_SMALL = ("connectivity.n=100", "connectivity.p=0.1", "simulation.duration_ms=100", "analysis.warmup_ms=20")
# The least whole factors with which no core is late: everything fires at once, or a tick is a tenth of a millisecond.
_FACTORS = {"agree_seed": 4, "agree_va_cuba": 20, "agree_va_coba": 20, "agree_va_coba_1ms": 8}


def run(session: StudySession) -> None:
    """The networks on each simulator; the chain from Brian2's own scheme to the machine; the verdicts."""
    small = _SMALL if session.small else ()
    numbers = ",".join(map(str, seeds(session)))
    single: dict[str, list[str]] = defaultdict(list)
    for preset, simulator in members(session):
        single[simulator].append(preset)
    for simulator in ("brian2", "nest"):
        session.sweep(
            f"experiment={','.join(single[simulator])}", f"backend={simulator}", "seed=1", "launcher=local", *small
        )
    if session.small:
        _judge(session)
        return
    for preset in single["spinnaker"]:
        # For conductances sPyNNaker's own rule leaves too little room: the study model_change.
        words = ["backend=spinnaker", "backend.weight_range=drawn", f"backend.time_scale_factor={_FACTORS[preset]}"]
        which = numbers if preset == CHAIN[-1][0] else "1"
        session.sweep(f"experiment={preset}", *words, f"seed={which}", "launcher=local")
    session.sweep("experiment=agree_seed,agree_seed_scheme", "backend=brian2", f"seed={numbers}", "launcher=local")
    for weight, which in _stored_weights(session).items():
        session.sweep(
            "experiment=agree_seed_weights,agree_seed_parameters",
            "backend=brian2",
            f"cell.weight_stimulus={weight!r}",
            f"seed={','.join(map(str, which))}",
            "launcher=local",
        )
    _judge(session)


def _stored_weights(session: StudySession) -> dict[float, list[int]]:
    """The stimulus's weight as the machine stores it -> the seeds for which it does.

    The other weights, 1 and 2.5, are whole multiples of every scale.
    """
    wanted = [(*CHAIN[-1], number) for number in seeds(session)]
    stored: dict[float, list[int]] = defaultdict(list)
    for (_, _, number), record in chosen(finished_runs(session.experiment), key, wanted).items():
        scale = record.metrics["backend.weight_scale.thalamus_to_exc"]
        stored[round(float(record.params["cell.weight_stimulus"]) * scale) / scale].append(number)
    return stored


def _judge(session: StudySession) -> None:
    """The verdicts that the tracker does not have yet."""
    pairs = VERDICTS[-1:] if session.small else VERDICTS
    wanted = [(*one, 1) for one in members(session)]
    found = chosen(finished_runs(session.experiment), key, wanted)
    there = compared(session)
    for pair in pairs:
        a, b = (found[(*one, 1)] for one in pair)
        if (a.run_id, b.run_id) not in there:
            with LogCapture() as capture:
                compare_recorded(a.run_id, b.run_id, capture)


STUDY = Study(Path(__file__).parent, run, analyse, claims)
