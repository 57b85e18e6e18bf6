"""The folder in which the files of a run grow."""

import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.tracking.store import Place

if TYPE_CHECKING:
    from mlflow import MlflowClient


def local_folder(artifact_uri: str, where: Place) -> Path | None:
    """The folder that an artifact URI names on this machine; None if a server keeps the artifacts.

    A server may name a folder of its own disk: that is not ours, even if one of that name exists here.
    """
    if where.uri.startswith(("http:", "https:")):
        return None
    parts = urllib.parse.urlsplit(artifact_uri)
    if parts.scheme == "file":
        return Path(urllib.request.url2pathname(parts.path))
    return Path(artifact_uri) if parts.scheme == "" else None


def upload(client: "MlflowClient", run_id: str, folder: Path) -> None:
    """Send the files of a staging folder to the server; hidden ones are our own notes and stay."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            client.log_artifacts(run_id, str(path), path.name)
        else:
            client.log_artifact(run_id, str(path))
