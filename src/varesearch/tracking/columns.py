"""The columns that matter, shown in MLflow's list of runs from the start: a view that is kept with the experiment.

MLflow's pages keep a view that is shared by its address as a tag of the experiment, ``mlflow.sharedViewState.`` and a
key, and show it for an address with ``viewStateShareKey=`` and that key (seen in the pages of MLflow 3.17 and 3.18; the
tag is not a documented interface, so that another version may show its own columns instead).
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from varesearch.metrics.metric import in_summary
from varesearch.tracking.tags import DEGRADED, VERDICT

if TYPE_CHECKING:
    from mlflow import MlflowClient

KEY = "varesearch"
_TAG = f"mlflow.sharedViewState.{KEY}"
_COLUMNS = {
    "attributes": ("Created", "Duration"),
    "params": ("backend.name", "cell.model", "connectivity.n", "seed"),
    "tags": (DEGRADED, VERDICT),
}


def keep_columns(client: "MlflowClient", experiment_id: str, metrics: Iterable[str]) -> str:
    """Keep the view with the experiment, unless it is there, and return its key.

    Parameters
    ----------
    metrics
        The flat names of the metrics of a run; those that belong in a summary become columns.

    Raises
    ------
    MlflowException
        The store cannot be written.
    """
    chosen = {**_COLUMNS, "metrics": [*in_summary(metrics), "realtime_factor"]}
    columns = [f"{kind}.`{name}`" for kind, names in chosen.items() for name in names]
    view = json.dumps({"selectedColumns": columns})
    if client.get_experiment(experiment_id).tags.get(_TAG) != view:
        client.set_experiment_tag(experiment_id, _TAG, view)
    return KEY
