"""The names of the tags by which runs are found and distinguished, each defined only here."""

from collections.abc import Mapping

from varesearch.result import Result, Status

KIND = "varesearch.kind"
"""The kind of a run that is not a simulation: ``sweep`` (the parent of other runs) or ``comparison``."""
SWEEP_KIND, COMPARISON_KIND = "sweep", "comparison"

NETWORK_HASH = "varesearch.network_hash"
"""The content hash of the drawn network."""

IDENTITY = "varesearch.identity"
"""Of a run of a network: the hash of all that determines its result. The two that follow are parts of it."""
SCIENCE = "varesearch.science"
"""The hash of the code that determines the result, without comments and docstrings."""
LIBRARIES = "varesearch.libraries"
"""The versions of the libraries that compute the result."""

RERUN_OF = "varesearch.rerun_of"
"""Of a run that repeats another run: the id of the original."""

COMPARED = ("varesearch.a", "varesearch.b")
"""Of a comparison: the ids of the two runs (with several seeds, of the first run of each side)."""
COMPARED_RUNS = ("varesearch.a_runs", "varesearch.b_runs")
"""Of a comparison over several seeds: the ids of all runs of a side, separated by spaces."""
VERDICT = "varesearch.verdict"
DECIDED_BY = "varesearch.decided_by"
"""Of a comparison: its answer, and what decided it, in one line."""
CANNOT_DECIDE = "varesearch.cannot_decide"
"""Of a comparison: the metrics that cannot decide, since no possible value is beyond their limit."""

RESULT = "varesearch.result"
"""Of a run of a network: how its simulation ended, a :class:`~varesearch.result.Status`."""
DEGRADED = "degraded"
"""Why a result is degraded, with the advice; only if it is."""


def result_tags(result: Result) -> dict[str, str]:
    """The tags of a result: its status, why it is degraded, and what made it."""
    degraded = {DEGRADED: result.why_degraded} if result.status is Status.DEGRADED else {}
    return {**result.provenance, RESULT: result.status.value, **degraded}


def is_mapped(tags: Mapping[str, str]) -> bool:
    """Whether a run only mapped its network, so that it has no recording."""
    return tags.get(RESULT) == Status.MAPPED


def why_degraded(tags: Mapping[str, str]) -> str:
    """Why the result of a run is degraded; empty if it is not."""
    return tags.get(DEGRADED, "")


GIVEN_NETWORK = "varesearch.given_network"
"""Of a run whose network a program made: its content hash. The arrays are in the file ``network.npz`` of the run."""
