"""MLflow's experiment, in which runs are kept: made once."""

import hashlib
import re
from contextlib import nullcontext
from typing import TYPE_CHECKING

from filelock import FileLock

from varesearch.config.errors import ConfigurationError
from varesearch.tracking.artifacts import refuse_foreign
from varesearch.tracking.store import LOCK_S, Place

if TYPE_CHECKING:
    from mlflow import MlflowClient


_LONGEST_FOLDER = 120


def open_experiment(client: "MlflowClient", where: Place, name: str) -> str:
    """The id of the experiment of that name, made under the store's lock if there is none.

    Raises ConfigurationError for one that was deleted.
    """
    from mlflow.exceptions import MlflowException

    found = _find(client, where, name)
    if found is not None:
        return found
    artifacts = None
    if not where.uri.startswith(("http:", "https:")):
        artifacts = (where.artifacts / _folder_name(name)).as_uri()
    with FileLock(f"{where.database}.lock", timeout=LOCK_S) if where.database else nullcontext():
        found = _find(client, where, name)
        if found is not None:
            return found
        try:
            return client.create_experiment(name, artifact_location=artifacts)
        except MlflowException:
            # On a server there is no lock: somebody else may have been first.
            found = _find(client, where, name)
            if found is None:
                raise
            return found


def _folder_name(experiment: str) -> str:
    """The name of an experiment's folder, which any file system accepts and which leaves room for what is appended."""
    name = re.sub(r"[^\w.-]+", "_", experiment).strip(".") or "_"
    if len(name.encode()) <= _LONGEST_FOLDER:
        return name
    digest = hashlib.sha256(experiment.encode()).hexdigest()[:12]
    return f"{name.encode()[:_LONGEST_FOLDER].decode(errors='ignore')}-{digest}"


def _find(client: "MlflowClient", where: Place, name: str) -> str | None:
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return None
    if experiment.lifecycle_stage == "deleted":
        raise ConfigurationError(
            f"tracking.experiment={name}: was deleted in this store; restore it (mlflow experiments restore "
            f"-x {experiment.experiment_id}) or choose another name"
        )
    refuse_foreign(experiment.artifact_location or "", where, f"tracking.experiment={name}")
    return experiment.experiment_id
