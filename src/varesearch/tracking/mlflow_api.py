"""MLflow, imported late, quietly and as quickly as it goes."""

import contextlib
import gc
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

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


def client(uri: str) -> "MlflowClient":
    """A client of the store at ``uri``. Only for stores that exist: MLflow would make one in place, without a lock."""
    with light_import():
        from mlflow import MlflowClient

        # Its store's module is imported here too.
        return MlflowClient(uri)


def make_sqlite_store(uri: str, artifact_uri: str) -> None:
    """Make all tables of a new SQLite store, with the present schema."""
    with light_import():
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
    store = SqlAlchemyStore(uri, artifact_uri)
    store.engine.dispose()


@contextlib.contextmanager
def light_import() -> Iterator[None]:
    """For the first import of MLflow or a part of it."""
    # MLflow brings two thousand modules. They make no garbage worth collecting, and looking for it takes a third of
    # the time of the import.
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    first = "mlflow" not in sys.modules
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if first:
            # What was imported stays for good: later collections, in the simulation too, need not look through it.
            gc.freeze()
        if enabled:
            gc.enable()
