"""The tags of a run in the store: all keys, and those values that are compared with.

Tags are read by their keys only in :mod:`varesearch.tracking.read`, which makes fields of them. A tag without a dot in
its key belongs to a back end and says what made the result (``machine``, ``integrator``).
"""

from varesearch.result import Result, Status

KIND = "varesearch.kind"
"""The kind of a run that is not a simulation: ``sweep`` (the parent of other runs) or ``comparison``."""
SWEEP_KIND, COMPARISON_KIND = "sweep", "comparison"

ENDED = "varesearch.ended"
"""Why a run is not FINISHED, in one line."""
PRUNED = "varesearch.pruned"
"""The date on which the recording of the run was removed."""
PARENT = "mlflow.parentRunId"
"""Of a run of a sweep: the id of the sweep's run. MLflow nests runs by it."""
NOTE = "mlflow.note.content"
"""The description that MLflow's pages show, in Markdown: the command that makes the run."""
SOURCE_NAME, SOURCE_TYPE = "mlflow.source.name", "mlflow.source.type"
"""What MLflow's pages show as the origin of the run."""
COMMIT = "mlflow.source.git.commit"
DIRTY = "varesearch.dirty"
"""The commit of the code, and whether the code differed from it (``true`` or ``false``)."""

BACKEND = "varesearch.backend"
EXPERIMENT = "varesearch.experiment"
"""The names of the back end and of the chosen ``experiment``."""
WARNINGS = "varesearch.warnings"
"""The warnings about the configuration."""
CONFIG_HASH, CONFIG_HASH_ANY_SEED = "varesearch.config_hash", "varesearch.config_hash_any_seed"
"""The hash of the settings that determine a result; and of these without the seed."""
NETWORK_HASH = "varesearch.network_hash"
"""The content hash of the drawn network."""
GIVEN_NETWORK = "varesearch.given_network"
"""Of a run whose network a program made: its content hash. The arrays are in the file ``network.npz`` of the run."""
INPUT_FILE = "varesearch.file."
"""Followed by the name of a setting it is the key of a tag: the SHA-256 and the path of the file that it named."""
IDENTITY = "varesearch.identity"
"""Of a run of a network: the hash of all that determines its result, including the next two."""
SCIENCE = "varesearch.science"
"""The hash of the code that determines the result, without comments and docstrings."""
LIBRARIES = "varesearch.libraries"
"""The versions of the libraries that compute the result."""

RESULT = "varesearch.result"
"""Of a run of a network: how its simulation ended, a :class:`~varesearch.result.Status`."""
DEGRADED = "degraded"
"""Why a result is degraded, with the advice; only if it is."""
TIMING = "timing"
"""Of a run on a machine whose reported times need an explanation: the explanation."""

HOST, MACHINE_ID, BOOT_ID = "varesearch.host", "varesearch.machine_id", "varesearch.boot_id"
PID_NAMESPACE, PID, PROCESS_STARTED = (
    "varesearch.pid_namespace",
    "varesearch.pid",
    "varesearch.process_started_ticks",
)
"""The process that writes the run, see :class:`varesearch.tracking.process.Process`."""
OURS = "varesearch."
"""How the keys of the tags of varesearch begin."""
BATCH_JOB = "varesearch.batch_job"
"""The batch job that writes the run, ``slurm:1234`` or, in an array, ``slurm:1234_5``."""

SWEEP = "varesearch.sweep"
"""Of a sweep: the hash by which it is recognised when it is started again."""
VARIES = "varesearch.varies"
"""Of a sweep: the keys of the settings that vary."""
BEST, BEST_VALUE = "varesearch.best", "varesearch.best_value"
BEST_TRIAL, BEST_RUNS = "varesearch.best_trial", "varesearch.best_runs"
"""Of a search: the best point, the value of the objective there, the number of the trial and the ids of its runs."""


def sweep_count(name: str) -> str:
    """Return the key of the number of a sweep's runs that ended in some way, such as ``failed``."""
    return f"{SWEEP}.{name}"


def child_end(name: str) -> str:
    """Return the key of what the launcher saw of a child that did not end well, such as ``exit_code``."""
    return f"varesearch.child.{name}"


RERUN_OF = "varesearch.rerun_of"
"""Of a run that repeats another run: the id of the original."""
RERUN_OUTCOME = "varesearch.rerun"
"""Of a run that repeats another run: ``identical`` or ``different``."""

COMPARED = ("varesearch.a", "varesearch.b")
"""Of a comparison: the ids of the two runs (with several seeds, of the first run of each side)."""
COMPARED_RUNS = ("varesearch.a_runs", "varesearch.b_runs")
"""Of a comparison over several seeds: the ids of all runs of a side, separated by spaces."""
VERDICT = "varesearch.verdict"
DECIDED_BY = "varesearch.decided_by"
"""Of a comparison: its verdict, and what decided it, in one line."""
CANNOT_DECIDE = "varesearch.cannot_decide"
"""Of a comparison: the metrics that cannot decide, since no possible value is beyond their limit."""


def result_tags(result: Result) -> dict[str, str]:
    """Return the tags of a result: its status, why it is degraded, and what made it."""
    degraded = {DEGRADED: result.why_degraded} if result.status is Status.DEGRADED else {}
    return {**result.provenance, RESULT: result.status.value, **degraded}
