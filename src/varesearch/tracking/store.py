"""Opening the tracking store: it is made or migrated once, and must be reachable before anything is simulated."""

import configparser
import contextlib
import hashlib
import importlib.metadata
import logging
import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from varesearch.config.addresses import is_readable_on_the_way, redact
from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import echoed
from varesearch.imports import without_collection
from varesearch.tracking.location import PORTS, StoreLocation, check_folder, refuse_foreign, sqlite_uri
from varesearch.tracking.process import Process
from varesearch.tracking.tags import OURS

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

# Set for this process and its children, unless the user has set them. Nothing is sent to anybody; log lines go to
# Python's root logger, not to a handler of MLflow's own; a server that hangs costs seconds, not minutes.
_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}
PROBE_S = 3.0
LOCK_S = 120.0
_SECRETS = ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD")
_FILE = "~/.mlflow/credentials"
_LONGEST_FOLDER = 120


def client(uri: str) -> "MlflowClient":
    """Return a client of a store that exists; MLflow would create a missing store in place, without a lock."""
    with light_import():
        from mlflow import MlflowClient

        # Its store's module is imported here too.
        return MlflowClient(uri)


@contextlib.contextmanager
def light_import() -> Iterator[None]:
    """Make the first import of MLflow, or of a part of it, in the block cheaper, and set its environment."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    with contextlib.nullcontext() if "mlflow" in sys.modules else without_collection():
        yield


def connect(where: StoreLocation) -> "MlflowClient":
    """Return a client of the store, once the store exists, has the present schema and answers.

    Raises ConfigurationError, in one line and within seconds, for a server that is down or that would receive a secret
    unencrypted, and for a store that cannot be created, read or migrated.
    """
    if where.database is not None:
        ensure_sqlite(where)
    else:
        refuse_plain_http(where.uri, where.shown)
        probe(where.uri)
    with one_line(where):
        relocate(where)
        return client(where.uri)


@contextlib.contextmanager
def one_line(where: StoreLocation) -> Iterator[None]:
    """Turn any failure of the store into a ConfigurationError of one line; for use before the simulation."""
    try:
        yield
    except ConfigurationError:
        raise
    except Exception as error:
        log.exception("the tracking store failed")
        raise ConfigurationError(f"tracking.uri={where.shown}: {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """Return the message of an exception in one line of at most 300 characters.

    For an exception of a database it is the message of the driver.
    """
    cause: BaseException | None = error
    while cause is not None:
        # SQLAlchemy keeps what the driver raised, MLflow what SQLAlchemy did.
        error = getattr(cause, "orig", None) or error
        cause = cause.__cause__
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "") or type(error).__name__
    return redact(text if len(text) <= 300 else text[:299] + "…")


def probe(uri: str) -> None:
    """Check within seconds that a server answers at ``uri``. Raises ConfigurationError if it does not."""
    parts = urllib.parse.urlsplit(uri)
    port = parts.port or PORTS[parts.scheme.split("+")[0]]
    mend = "start it, set another tracking.uri, or leave it null for the store of the project"
    try:
        socket.create_connection((parts.hostname or "", port), timeout=PROBE_S).close()
    except OSError as error:
        reason = error.strerror or first_line(error)
        raise ConfigurationError(f"tracking.uri={redact(uri)}: no server answers there ({reason}); {mend}") from error
    if parts.scheme not in ("http", "https"):
        return
    # The credentials of an address are for the client that follows; /health asks for none.
    netloc = parts.netloc.rpartition("@")[2]
    health = urllib.parse.urlunsplit((parts.scheme, netloc, parts.path.rstrip("/") + "/health", "", ""))
    try:
        urllib.request.urlopen(health, timeout=PROBE_S).close()
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            raise ConfigurationError(f"tracking.uri={redact(uri)}: the server fails ({error}); {mend}") from error
    except (OSError, ValueError) as error:
        reason = first_line(getattr(error, "reason", None) or error)
        raise ConfigurationError(f"tracking.uri={redact(uri)}: no MLflow server there ({reason}); {mend}") from error


def ensure_sqlite(where: StoreLocation) -> None:
    """Make the SQLite store, or migrate it to the installed MLflow, once, even if several processes try it.

    The work is done on a temporary file that takes the store's name when it is complete, so that a store with that
    name is always a whole one. A note beside it says which MLflow it was made for. Raises ConfigurationError.
    """
    database = where.database
    if database is None or _is_current(database):
        return
    try:
        check_folder(where)
        database.parent.mkdir(exist_ok=True)
        # Where no file can be created, the lock below would be tried again and again.
        tempfile.TemporaryFile(dir=database.parent).close()
        with FileLock(f"{database}.lock", timeout=LOCK_S):
            if _is_current(database):
                return
            _remove_leftovers(database)
            if database.exists():
                _migrate(database)
            else:
                _make(database, where.artifacts)
            _version_note(database).write_text(_mlflow_version())
    except Timeout as error:
        raise ConfigurationError(
            f"{database}: another process has held the store's lock for {LOCK_S:.0f} s; end it and try again"
        ) from error
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"tracking.uri={echoed(where.shown)}: the store cannot be created ({reason})"
        ) from error


def relocate(where: StoreLocation) -> None:
    """Correct the paths of artifacts in a store that was moved with them, since it keeps absolute paths.

    Only where the folder of the old name is gone and the same one lies beside the store.
    """
    if where.database is None:
        return
    with contextlib.closing(sqlite3.connect(where.database, timeout=LOCK_S)) as connection:
        locations = [row[0] or "" for row in connection.execute("SELECT artifact_location FROM experiments")]
        for old in {location.rpartition("/")[0] for location in locations}:
            new = where.artifacts.as_uri()
            gone = old.startswith("file:///") and not Path(urllib.request.url2pathname(old[7:])).exists()
            if old == new or not gone or not old.endswith("/artifacts") or not where.artifacts.is_dir():
                continue
            log.info("the store was moved: artifacts are in %s, not in %s", new, old)
            with connection:
                for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
                    connection.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",
                        (new, len(old) + 1, len(old) + 1, f"{old}/"),
                    )


def _make(database: Path, artifacts: Path) -> None:
    unfinished = _temporary(database)
    with light_import():
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
    SqlAlchemyStore(sqlite_uri(unfinished), artifacts.as_uri()).engine.dispose()
    _put_in_place(unfinished, database)


def _migrate(database: Path) -> None:
    unfinished = _temporary(database)
    with contextlib.closing(sqlite3.connect(database)) as old:
        _refuse_while_written(old, database)
        with contextlib.closing(sqlite3.connect(unfinished)) as new:
            old.backup(new)
    command = [sys.executable, "-m", "mlflow", "db", "upgrade", sqlite_uri(unfinished)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    log.info("mlflow db upgrade: exit code %d\n%s%s", done.returncode, done.stdout, done.stderr)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise ConfigurationError(
            f"{database}: cannot be used with MLflow {_mlflow_version()} ({lines[-1]}); move it away, or install the "
            "MLflow that wrote it"
        )
    database.with_name(f"{database.name}.before-{time.strftime('%Y%m%d-%H%M%S')}").hardlink_to(database)
    _put_in_place(unfinished, database)


def _refuse_while_written(old: sqlite3.Connection, database: Path) -> None:
    # The migrated copy takes the store's place: what a run wrote to the old file meanwhile would be lost.
    query = (
        "SELECT t.key, t.value, r.run_uuid FROM runs r JOIN tags t ON t.run_uuid = r.run_uuid "
        "WHERE r.status = 'RUNNING' AND t.key LIKE ? || '%'"
    )
    running: dict[str, dict[str, str]] = {}
    for key, value, run_id in old.execute(query, (OURS,)):
        running.setdefault(run_id, {})[key] = value
    for run_id, tags in running.items():
        process = Process.from_tags(tags)
        if process is not None and process.is_here() and process.is_alive():
            raise ConfigurationError(
                f"{database}: must be migrated to MLflow {_mlflow_version()}, but run {run_id} is still being written; "
                "wait for its end"
            )


def _put_in_place(unfinished: Path, database: Path) -> None:
    with unfinished.open("rb") as handle:
        os.fsync(handle.fileno())
    unfinished.replace(database)


def _temporary(database: Path) -> Path:
    return database.with_name(f".{database.name}.unfinished")


def _remove_leftovers(database: Path) -> None:
    # They are of a process that was killed: only the holder of the lock writes here.
    for path in database.parent.glob(f"{_temporary(database).name}*"):
        path.unlink()


def _version_note(database: Path) -> Path:
    return database.with_name(f"{database.name}.mlflow-version")


def _mlflow_version() -> str:
    return importlib.metadata.version("mlflow")


def _is_current(database: Path) -> bool:
    try:
        return database.is_file() and _version_note(database).read_text() == _mlflow_version()
    except OSError:
        return False


def refuse_plain_http(uri: str, shown: str) -> None:
    """Raise ConfigurationError if a password or token would be sent to another machine over plain http.

    Parameters
    ----------
    uri
        The address of the server.
    shown
        The address without credentials, for the message.
    """
    if not is_readable_on_the_way(uri):
        return
    source = _source(uri)
    if source is not None:
        raise ConfigurationError(
            f"tracking.uri={shown}: {source} would be sent unencrypted; use https:// or a tunnel to this machine "
            "(ssh -L), or remove it if the server does not need it"
        )


def _source(uri: str) -> str | None:
    """Return a description of the password or token that MLflow's client would send; None if there is none."""
    if urllib.parse.urlsplit(uri).password:
        return "the password in the address"
    for name in _SECRETS:
        if os.environ.get(name):
            return f"the environment variable {name}"
    file = configparser.ConfigParser(interpolation=None)
    try:
        read = file.read(Path(_FILE).expanduser(), encoding="utf-8")
    except (OSError, RuntimeError, UnicodeDecodeError, configparser.Error):
        return None
    return f"the password in {_FILE}" if read and file.get("mlflow", _SECRETS[1].lower(), fallback=None) else None


def open_experiment(client: "MlflowClient", where: StoreLocation, name: str) -> str:
    """Return the id of the experiment of that name; create it under the store's lock if there is none.

    Raises ConfigurationError for one that was deleted.
    """
    from mlflow.exceptions import MlflowException

    experiment_id = _find(client, where, name)
    if experiment_id is not None:
        return experiment_id
    artifacts = None
    if not where.is_http:
        artifacts = (where.artifacts / _folder_name(name)).as_uri()
    with FileLock(f"{where.database}.lock", timeout=LOCK_S) if where.database else contextlib.nullcontext():
        experiment_id = _find(client, where, name)
        if experiment_id is not None:
            return experiment_id
        try:
            return client.create_experiment(name, artifact_location=artifacts)
        except MlflowException:
            # On a server there is no lock: somebody else may have been first.
            experiment_id = _find(client, where, name)
            if experiment_id is None:
                raise
            return experiment_id


def _folder_name(experiment: str) -> str:
    """Return a folder name for an experiment that any file system accepts, with room for what is appended."""
    name = re.sub(r"[^\w.-]+", "_", experiment).strip(".") or "_"
    if len(name.encode()) <= _LONGEST_FOLDER:
        return name
    digest = hashlib.sha256(experiment.encode()).hexdigest()[:12]
    return f"{name.encode()[:_LONGEST_FOLDER].decode(errors='ignore')}-{digest}"


def _find(client: "MlflowClient", where: StoreLocation, name: str) -> str | None:
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
