"""The tracking store: where it is, made and migrated once, reachable before anything is simulated."""

import contextlib
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
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from varesearch.config.addresses import redact
from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import echoed
from varesearch.tracking import mlflow_api
from varesearch.tracking.credentials import refuse_plain_http
from varesearch.tracking.process import Process
from varesearch.tracking.root import STORE_FOLDER, project_root
from varesearch.tracking.tags import OURS

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

PROBE_S = 3.0
LOCK_S = 120.0
_SQLITE = "sqlite:///"
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}


@dataclass(frozen=True)
class Place:
    """Where a store is: its ``uri``, and for SQLite the ``database`` file and the folder of the ``artifacts``."""

    uri: str
    root: Path
    database: Path | None

    @property
    def artifacts(self) -> Path:
        """Where artifacts go, unless a server keeps them."""
        return (self.database.parent if self.database else self.root / STORE_FOLDER) / "artifacts"

    @property
    def staging(self) -> Path:
        """Where the files of a run wait that a server is to keep."""
        return self.root / STORE_FOLDER / "staging"

    @property
    def shown(self) -> str:
        """The URI without credentials."""
        return redact(self.uri)


def place(uri: str | None = None, root: Path | None = None) -> Place:
    """The store at ``uri``; None: ``mlruns/mlflow.db`` of the project. Raises ConfigurationError for a bad URI."""
    root = (root or project_root()).resolve()
    if uri is None:
        database = root / STORE_FOLDER / "mlflow.db"
        _refuse_path(database, str(root))
        return Place(_sqlite_uri(database), root, database)
    scheme = urllib.parse.urlsplit(uri).scheme
    if scheme == "sqlite":
        path = uri.removeprefix(_SQLITE)
        if not uri.startswith(_SQLITE) or path in ("", ":memory:") or "?" in path:
            raise ConfigurationError(
                f"tracking.uri={uri}: a SQLite store is sqlite:///relative/file.db or sqlite:////absolute/file.db"
            )
        if "%" in path:
            from sqlalchemy.engine import make_url

            path = make_url(uri).database or path
        database = (root / path).resolve()
        _refuse_path(database, f"tracking.uri={echoed(uri)}")
        return Place(_sqlite_uri(database), root, database)
    if scheme.split("+")[0] not in _PORTS:
        raise ConfigurationError(
            f"tracking.uri={redact(uri)}: use an http(s) server, a SQLite file (sqlite:////absolute/file.db) or a "
            "postgresql, mysql or mssql database; null is mlruns/mlflow.db of the project"
        )
    return Place(uri, root, None)


def _sqlite_uri(database: Path) -> str:
    # A percent sign stands for itself unless two hexadecimal digits follow. Written as %25, it would become part of the
    # name of a folder that MLflow creates beside the store.
    return f"{_SQLITE}{database}"


def _refuse_path(database: Path, what: str) -> None:
    """Raise ConfigurationError for a path that would denote another file when used in the address of a SQLite store."""
    sign = re.search(r"\?|%[0-9A-Fa-f]{2}", str(database))
    if sign is not None:
        raise ConfigurationError(
            f"{what}: the path of a SQLite store cannot contain {sign.group()!r}, which has a special meaning in an "
            "address; rename the folder"
        )


def connect(where: Place) -> "MlflowClient":
    """A client of the store, which exists, has the present schema and answers.

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
        return mlflow_api.client(where.uri)


@contextlib.contextmanager
def one_line(where: Place) -> Iterator[None]:
    """Turn any failure of the store into a ConfigurationError of one line; for use before the simulation."""
    try:
        yield
    except ConfigurationError:
        raise
    except Exception as error:
        log.exception("the tracking store failed")
        raise ConfigurationError(f"tracking.uri={where.shown}: {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """What an exception says, in one line of at most 300 characters; for a database's, what the database said."""
    cause: BaseException | None = error
    while cause is not None:
        # SQLAlchemy keeps what the driver raised, MLflow what SQLAlchemy did.
        error = getattr(cause, "orig", None) or error
        cause = cause.__cause__
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "") or type(error).__name__
    return redact(text if len(text) <= 300 else text[:299] + "…")


def probe(uri: str) -> None:
    """See within seconds whether a server answers at ``uri``. Raises ConfigurationError if it does not."""
    parts = urllib.parse.urlsplit(uri)
    port = parts.port or _PORTS[parts.scheme.split("+")[0]]
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


def check_folder(where: Place) -> None:
    """Raise ConfigurationError for the address of a SQLite store in a folder that does not exist.

    Such an address is probably a typing error; only the project's own ``mlruns`` is created automatically.
    """
    if where.database is None or where.database.parent == where.root / STORE_FOLDER:
        return
    folder = where.database.parent
    try:
        there, why = folder.is_dir(), f"there is no folder {echoed(str(folder))}"
    except OSError as error:
        there, why = False, f"the store cannot be created ({error.strerror})"
    if not there:
        raise ConfigurationError(f"tracking.uri={echoed(where.shown)}: {why}; create it first, or correct the address")


def ensure_sqlite(where: Place) -> None:
    """Make the SQLite store, or migrate it to the installed MLflow, once, whoever else is at it.

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


def relocate(where: Place) -> None:
    """Let a store that was moved with its artifacts find them again: it keeps their folder's absolute name.

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
    mlflow_api.make_sqlite_store(_sqlite_uri(unfinished), artifacts.as_uri())
    _put_in_place(unfinished, database)


def _migrate(database: Path) -> None:
    unfinished = _temporary(database)
    with contextlib.closing(sqlite3.connect(database)) as old:
        _refuse_while_written(old, database)
        with contextlib.closing(sqlite3.connect(unfinished)) as new:
            old.backup(new)
    command = [sys.executable, "-m", "mlflow", "db", "upgrade", _sqlite_uri(unfinished)]
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
    # Of a process that was killed at it: whoever holds the lock is alone.
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
