"""Handing a run to the store: its last words, then its files where a server keeps them."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.tracking.artifacts import upload
from varesearch.tracking.records import Unsent, send
from varesearch.tracking.store import Place

if TYPE_CHECKING:
    from mlflow import MlflowClient


def deliver(client: "MlflowClient", where: Place, run_id: str, folder: Path, record: Unsent | None) -> None:
    """Send ``record`` (None: the store has it) and what waits in the staging folder. May be repeated after a failure.

    Raises whatever the store raises; what was not taken is still in the folder then.
    """
    if record is not None:
        send(client, record)
        Unsent.remove(folder)
    if folder.is_relative_to(where.staging) and folder.is_dir():
        upload(client, run_id, folder)
        shutil.rmtree(folder)
