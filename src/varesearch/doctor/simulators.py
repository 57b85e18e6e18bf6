"""The checks of a back end: whether it is installed, in which version, and whether it is right."""

from collections.abc import Iterator

from varesearch.backends import backends
from varesearch.doctor.answers import ask
from varesearch.doctor.finding import Finding, State
from varesearch.tracking.location import cache_folder

_LATER = "it needs a compiler and a minute; --full does it"


def simulator(name: str, full: bool) -> Iterator[Finding]:
    """Whether the back end ``name`` can be used here, and the answers that it is asked for."""
    backend = backends()[name]
    available = backend.availability()
    if not available.usable:
        found, _, mend = available.reason.partition(": ")
        yield Finding(name, "installed", State.BROKEN if available.version else State.ABSENT, found, mend)
        return
    yield Finding(name, "installed", State.OK, available.version)
    for question in backend.known_answers(cache_folder()):
        if question.lacking:
            state = State.ABSENT if question.optional else State.BROKEN
            yield Finding(name, question.what, state, question.lacking, question.mend)
        elif question.compiles and not full:
            yield Finding(name, question.what, State.SKIPPED, _LATER)
        else:
            yield ask(name, question)
