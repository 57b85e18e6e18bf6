"""The folder in which the files of a run grow."""

import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.config.errors import ConfigurationError
from varesearch.tracking.store import Place, redact

if TYPE_CHECKING:
    from mlflow import MlflowClient


def local_folder(artifact_uri: str, where: Place) -> Path | None:
    """The folder on this machine that an artifact URI names; None if the artifacts are on a server or not in the store.

    A server may name a folder on its own disk, even if a folder of that name exists here. A SQLite store may come from
    somebody else and could name any folder; only its own folder of artifacts is accepted.
    """
    if where.uri.startswith(("http:", "https:")):
        return None
    parts = urllib.parse.urlsplit(artifact_uri)
    if parts.scheme not in ("", "file"):
        return None
    folder = Path(artifact_uri if parts.scheme == "" else urllib.request.url2pathname(parts.path))
    if where.database is not None and not folder.resolve().is_relative_to(where.artifacts.resolve()):
        return None
    return folder


def refuse_foreign(artifact_uri: str, where: Place, what: str) -> None:
    """Raise ConfigurationError if the files of ``what`` are not in the store itself.

    For a SQLite store, this means outside of its own folder; for a server, on another server, to which MLflow's client
    would send the credentials for the first one.
    """
    parts = urllib.parse.urlsplit(artifact_uri)
    if where.database is not None:
        if local_folder(artifact_uri, where) is None:
            raise ConfigurationError(
                f"{what} keeps its files at {redact(artifact_uri)}, outside of its store's own folder "
                f"({where.artifacts}): move them there, or choose another experiment or run"
            )
        return
    other = parts.netloc.rpartition("@")[2]
    if parts.scheme in ("http", "https", "mlflow-artifacts") and other:
        server = urllib.parse.urlsplit(where.uri)
        if (server.hostname, server.port) != (parts.hostname, parts.port):
            raise ConfigurationError(
                f"{what} keeps its files at {redact(artifact_uri)}, on another server than {where.shown}: it is not "
                "contacted, since it would receive your credentials"
            )


def upload(client: "MlflowClient", run_id: str, folder: Path) -> None:
    """Send the files of a staging folder to the server; hidden ones are our own notes and stay."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            client.log_artifacts(run_id, str(path), path.name)
        else:
            client.log_artifact(run_id, str(path))
