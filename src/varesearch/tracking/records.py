"""The last words of a run: kept in its folder until the store has them."""

import contextlib
import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from varesearch.whole_files import whole_file

if TYPE_CHECKING:
    from mlflow import MlflowClient

_FILE = ".unsent.json"
RESERVE_FILE = ".reserve"
"""Reserves disk space for recording the end of a run."""
# What MLflow takes in one call (REST API, "Log Batch": 1000 metrics, 100 parameters, 100 tags).
_MOST_METRICS, _MOST_PARAMS, _MOST_TAGS = 900, 100, 100


@dataclass
class Unsent:
    """What is to be written to the store when a run ends. ``end_ms`` is the time since 1970."""

    run_id: str
    status: str
    end_ms: int
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Keep it in the folder of the run; the file is whole or not there."""
        with whole_file(folder / _FILE) as temporary:
            temporary.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """What was kept in the folder of a run; None if there is nothing, or nothing that can be read."""
        try:
            return cls(**json.loads((folder / _FILE).read_text()))
        except (OSError, ValueError, TypeError):
            return None

    @staticmethod
    def remove(folder: Path) -> None:
        """The store has it."""
        for name in (_FILE, RESERVE_FILE):
            with contextlib.suppress(OSError):
                (folder / name).unlink()


def send(client: "MlflowClient", record: Unsent) -> None:
    """Write it to the store in as few calls as possible, then end the run. May be repeated."""
    log_batch(client, record.run_id, record.metrics, record.params, record.tags, record.end_ms)
    client.set_terminated(record.run_id, record.status, record.end_ms)


def log_batch(
    client: "MlflowClient",
    run_id: str,
    metrics: dict[str, float],
    params: dict[str, str],
    tags: dict[str, str],
    timestamp_ms: int | None = None,
) -> None:
    """Metrics, parameters and tags in one call, or as few as MLflow's limits allow."""
    from mlflow.entities import Metric, Param, RunTag

    now = int(time.time() * 1000) if timestamp_ms is None else timestamp_ms
    metric_list = [Metric(key, value, now, 0) for key, value in metrics.items()]
    param_list = [Param(key, value) for key, value in params.items()]
    tag_list = [RunTag(key, value) for key, value in tags.items()]
    while metric_list or param_list or tag_list:
        client.log_batch(run_id, metric_list[:_MOST_METRICS], param_list[:_MOST_PARAMS], tag_list[:_MOST_TAGS])
        del metric_list[:_MOST_METRICS], param_list[:_MOST_PARAMS], tag_list[:_MOST_TAGS]
