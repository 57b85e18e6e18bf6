"""The locations of a project, its caches and its store, and which files of a store may be read; without MLflow."""

import contextlib
import os
import re
import sqlite3
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import varesearch
from private_folder import NotPrivateError, PrivateFolder
from varesearch.config.addresses import redact
from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import echoed

ROOT_VARIABLE = "VARESEARCH_ROOT"
MARKER = ".varesearch"
STORE_FOLDER = "mlruns"
PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}
"""Scheme of an address of a server -> the port that it means."""
_SQLITE = "sqlite:///"


def cache_folder() -> Path:
    """Return the folder in which back ends and plots keep what later runs can use again; create it if necessary.

    Its content is executed: compiled cells, the pickles of batch jobs. It therefore belongs to the user, is closed to
    everybody else, and is never part of a store, which may be shared or come from somebody else. It is the first of
    these folders that nobody else can write to: ``$XDG_CACHE_HOME/varesearch`` if that variable is set;
    ``.cache/varesearch`` in the checkout; ``~/.cache/varesearch``.

    Raises ConfigurationError if others can write to all of them, or none can be created.
    """
    named, checkout = os.environ.get("XDG_CACHE_HOME"), checkout_root()
    folders = [Path(named) / "varesearch"] if named and Path(named).is_absolute() else []
    folders += [checkout / ".cache" / "varesearch"] if checkout is not None else []
    folders += [Path(os.path.expanduser("~/.cache/varesearch"))]  # noqa: PTH111 (Path's own raises without a home)
    reasons = []
    for folder in folders:
        try:
            return PrivateFolder(folder).path
        except NotPrivateError as error:
            reasons.append(str(error))
    raise ConfigurationError(
        f"no folder is safe for compiled code, which is executed: {'; '.join(reasons)}; set XDG_CACHE_HOME to a "
        "folder that only you can write to"
    )


def jobs_folder() -> Path:
    """Return the folder of the files of this user's batch jobs."""
    return cache_folder() / "slurm"


def project_root() -> Path:
    """Return the absolute path of the folder that holds ``mlruns/``.

    In this order: the environment variable VARESEARCH_ROOT; the checkout that the package was imported from; the
    nearest folder, from the working one upwards, with ``mlruns/`` or a file ``.varesearch``; the working folder.

    Raises ConfigurationError if VARESEARCH_ROOT names no folder.
    """
    named = os.environ.get(ROOT_VARIABLE)
    if named:
        root = Path(named).expanduser()
        if not root.is_dir():
            raise ConfigurationError(f"{ROOT_VARIABLE}={named}: no such folder; create it or unset the variable")
        return root.resolve()
    checkout = checkout_root()
    if checkout is not None:
        return checkout
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / STORE_FOLDER).is_dir() or (folder / MARKER).exists():
            return folder
    return here


def checkout_root() -> Path | None:
    """Return the checkout that the package was imported from; None if it was installed as a wheel."""
    top = Path(varesearch.__file__).resolve().parents[2]
    return top if (top / "pyproject.toml").is_file() and (top / "src" / "varesearch").is_dir() else None


@dataclass(frozen=True)
class StoreLocation:
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
    def is_http(self) -> bool:
        """Whether it is an MLflow server, which keeps the files of the runs too."""
        return self.uri.startswith(("http:", "https:"))

    @property
    def shown(self) -> str:
        """The URI without credentials."""
        return redact(self.uri)


def locate_store(uri: str | None = None, root: Path | None = None) -> StoreLocation:
    """Return the location of a store, which need not exist.

    Parameters
    ----------
    uri
        The address of the store, as in ``tracking.uri``; None: ``mlruns/mlflow.db`` of the project.
    root
        The folder that a relative path of a SQLite store starts from; None: the project's.

    Raises
    ------
    ConfigurationError
        The address is none of a server, a SQLite file or another database.

    Examples
    --------
    >>> locate_store("http://me:secret@lab:5000").shown, locate_store("sqlite:////data/runs.db").artifacts.as_posix()
    ('http://***@lab:5000', '/data/artifacts')
    """
    root = (root or project_root()).resolve()
    if uri is None:
        database = root / STORE_FOLDER / "mlflow.db"
        _refuse_path(database, str(root))
        return StoreLocation(sqlite_uri(database), root, database)
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
        return StoreLocation(sqlite_uri(database), root, database)
    if scheme.split("+")[0] not in PORTS:
        raise ConfigurationError(
            f"tracking.uri={redact(uri)}: use an http(s) server, a SQLite file (sqlite:////absolute/file.db) or a "
            "postgresql, mysql or mssql database; null is mlruns/mlflow.db of the project"
        )
    return StoreLocation(uri, root, None)


def sqlite_uri(database: Path) -> str:
    """Return the address of a SQLite store."""
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


def check_folder(where: StoreLocation) -> None:
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


def newest_runs(where: StoreLocation, start: str = "", most: int = 50) -> list[tuple[str, str]]:
    """Return id and name of the newest runs whose ids begin with ``start``, without MLflow, which is slow to import.

    Empty for a server, and for a SQLite store that cannot be read.
    """
    if where.database is None or not where.database.is_file():
        return []
    query = (
        "SELECT run_uuid, name FROM runs WHERE lifecycle_stage = 'active' AND substr(run_uuid, 1, ?) = ? "
        "ORDER BY start_time DESC LIMIT ?"
    )
    try:
        with contextlib.closing(sqlite3.connect(f"{where.database.as_uri()}?mode=ro", uri=True)) as store:
            return [(run_id, name or "") for run_id, name in store.execute(query, (len(start), start, most))]
    except sqlite3.Error:
        return []


def local_folder(artifact_uri: str, where: StoreLocation) -> Path | None:
    """Return the local folder that an artifact URI names; None if the files are on a server or outside of the store.

    A server may name a folder on its own disk, even if a folder of that name exists here. A SQLite store may come from
    somebody else and could name any folder; only its own folder of artifacts is accepted.
    """
    if where.is_http:
        return None
    parts = urllib.parse.urlsplit(artifact_uri)
    if parts.scheme not in ("", "file"):
        return None
    folder = Path(artifact_uri if parts.scheme == "" else urllib.request.url2pathname(parts.path))
    if where.database is not None and not folder.resolve().is_relative_to(where.artifacts.resolve()):
        return None
    return folder


def refuse_foreign(artifact_uri: str, where: StoreLocation, what: str) -> None:
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
