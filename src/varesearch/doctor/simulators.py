"""The checks of a back end: whether it is installed, in which version, and whether its spikes are right."""

from collections.abc import Iterator
from pathlib import Path

from varesearch.backends import backends
from varesearch.doctor.answers import ask
from varesearch.doctor.finding import Finding, State
from varesearch.tracking.location import cache_folder

_LATER = "it needs a compiler and a minute; --full does it"


def simulator(name: str, full: bool, config_dir: Path | None = None) -> Iterator[Finding]:
    """Check whether the back end ``name`` can be used here, and whether it gives the known answers."""
    backend = backends(config_dir)[name]
    available = backend.availability()
    if not available.usable:
        reason, _, mend = available.reason.partition(": ")
        yield Finding(name, "installed", State.BROKEN if available.version else State.ABSENT, reason, mend)
        return
    yield Finding(name, "installed", State.OK, available.version)
    for question in backend.known_answers(cache_folder()):
        if question.lacking:
            state = State.ABSENT if question.optional else State.BROKEN
            yield Finding(name, question.what, state, question.lacking, question.mend)
        elif question.compiles and not full:
            yield Finding(name, question.what, State.SKIPPED, _LATER)
        else:
            yield ask(name, question, config_dir)
