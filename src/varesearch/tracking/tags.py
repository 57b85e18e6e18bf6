"""The tags by which runs are found and told apart: each name is written here and nowhere else."""

KIND = "varesearch.kind"
"""What a run is that is no simulation of its own: ``sweep`` (the parent of its runs) or ``comparison``."""
SWEEP_KIND, COMPARISON_KIND = "sweep", "comparison"

NETWORK_HASH = "varesearch.network_hash"
"""The content hash of the drawn network, of a run that has one."""

RERUN_OF = "varesearch.rerun_of"
"""Of a run that repeats another one: the id of that."""

COMPARED = ("varesearch.a", "varesearch.b")
"""Of a comparison: the ids of the two runs."""
COMPARED_RUNS = ("varesearch.a_runs", "varesearch.b_runs")
"""Of a comparison over several seeds: the ids of all runs of a side, separated by blanks."""
VERDICT = "varesearch.verdict"
DECIDED_BY = "varesearch.decided_by"
"""Of a comparison: its answer, and what decided it, in one line."""
CANNOT_DECIDE = "varesearch.cannot_decide"
"""Of a comparison: the metrics whose limit no value can pass."""
