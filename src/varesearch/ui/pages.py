"""MLflow's pages on the store of the project: ``varesearch ui [--port N] [--run RUN]``.

They are served only on this machine (127.0.0.1), and only to the user who starts them: see
:mod:`varesearch.ui.gate`.
"""

import contextlib
import dataclasses
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable
from typing import TYPE_CHECKING

from varesearch.config.errors import ConfigurationError
from varesearch.metrics.metric import in_summary
from varesearch.tracking.location import StoreLocation
from varesearch.tracking.read import load_run, runs
from varesearch.tracking.record import RunRecord
from varesearch.tracking.store import client, ensure_sqlite, first_line
from varesearch.tracking.tags import DEGRADED, VERDICT
from varesearch.ui.gate import HEALTH, LOOPBACK
from varesearch.ui.server import Order

if TYPE_CHECKING:
    from mlflow import MlflowClient

KEY = "varesearch"
_TAG = f"mlflow.sharedViewState.{KEY}"
_COLUMNS = {
    "attributes": ("Created", "Duration"),
    "params": ("backend.name", "cell.model", "network.cells", "seed"),
    "tags": (DEGRADED, VERDICT),
}
_MOST_METRICS = 8
"""More columns of metrics would push those of settings, which MLflow shows after them, off the page."""
BEARER = "MLFLOW_TRACKING_TOKEN"
"""Environment variable with the token that programs have to send; without it, programs are refused."""
_USUAL_PORT = 5000
_START_S = 90.0


def keep_columns(client: "MlflowClient", experiment_id: str, metrics: Iterable[str]) -> str:
    """Keep a view of the columns that matter with the experiment, unless it is there, and return its key.

    MLflow's pages keep a view that is shared by its address as a tag of the experiment, ``mlflow.sharedViewState.`` and
    a key, and show it for an address with ``viewStateShareKey=`` and that key (seen in the pages of MLflow 3.17 and
    3.18; the tag is not a documented interface, so that another version may show its own columns instead).

    Parameters
    ----------
    metrics
        The flat names of the metrics of a run; the first of those that belong in a summary become columns.

    Raises
    ------
    MlflowException
        The store cannot be written.
    """
    chosen = {**_COLUMNS, "metrics": [*in_summary(metrics)[:_MOST_METRICS], "realtime_factor"]}
    columns = [f"{kind}.`{name}`" for kind, names in chosen.items() for name in names]
    view = json.dumps({"selectedColumns": columns})
    if client.get_experiment(experiment_id).tags.get(_TAG) != view:
        client.set_experiment_tag(experiment_id, _TAG, view)
    return KEY


def listen(wanted: int | None) -> socket.socket:
    """Open a socket that listens on port ``wanted``; with None, on the usual port or on any free one.

    Raises ConfigurationError if the port is not available.
    """
    for port in (_USUAL_PORT, 0) if wanted is None else (wanted,):
        listener = socket.socket()
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((LOOPBACK, port))
            listener.listen(100)
            return listener
        except (OSError, OverflowError):
            listener.close()
    raise ConfigurationError(f"--port {wanted}: cannot be had on {LOOPBACK}; leave it out for a free one")


def serve(where: StoreLocation, wanted_port: int | None, run: str | None) -> int:
    """Serve the pages of a store until Ctrl-C, and print the address of the newest runs, or of ``run``.

    Returns
    -------
    int
        The exit code: 0; 1 if MLflow's server ends by itself.

    Raises
    ------
    ConfigurationError
        There is no such store, run or port, or the store is a server with pages of its own.
    """
    if where.database is None:
        raise ConfigurationError(f"tracking.uri={where.shown}: has pages of its own; open that address")
    if not where.database.exists():
        raise ConfigurationError(f"{where.database}: no run has been tracked yet; start with varesearch run")
    ensure_sqlite(where)
    with listen(wanted_port) as listener:
        return _serve_at(listener, where, _page(where, run))


def _page(where: StoreLocation, run: str | None) -> str:
    """Return the part of the address after the host that leads to the runs, or to one run."""
    # MLflow's front page is about language models; the runs are a page of their own.
    newest = runs(uri=where.uri, root=where.root, most=1) if run is None else [load_run(run, where.uri, where.root)]
    page = ""
    for record in newest:
        page = f"#/experiments/{record.experiment_id}/runs"
        page += f"{'' if run is None else f'/{record.run_id}'}?workflowType=machine_learning"
        if run is None:
            page += _view(where, record)
    return page


def _serve_at(listener: socket.socket, where: StoreLocation, page: str) -> int:
    order = Order(where.uri, where.artifacts.as_uri(), secrets.token_urlsafe(32), page, os.environ.get(BEARER))
    port = listener.getsockname()[1]
    command = [sys.executable, "-m", "varesearch.ui.server", str(listener.fileno())]
    # No telemetry, and no worker processes for MLflow's language-model jobs.
    settings = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    print("starting MLflow's pages ...", file=sys.stderr)
    with tempfile.TemporaryFile() as errors:
        server = subprocess.Popen(
            command,
            env={**settings, **os.environ},
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stderr=errors,
            # A group of its own: Ctrl-C reaches us alone, and ending the server ends its workers too.
            start_new_session=True,
        )
        before = {
            number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            assert server.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                server.stdin.write(json.dumps(dataclasses.asdict(order)).encode() + b"\n")
                server.stdin.flush()
            if _answers(server, f"http://{LOOPBACK}:{port}{HEALTH}"):
                print(f"{order.address(port, order.token)}  (works once, only for you; Ctrl-C ends)", flush=True)
                server.wait()
            errors.seek(0)
            print(errors.read().decode(errors="replace")[-2000:], "MLflow's server has ended", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 0
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            server.wait()


def _view(where: StoreLocation, record: RunRecord) -> str:
    """Return the part of the address that shows the columns that matter.

    It is empty for a store that cannot be written; MLflow's own columns are shown then.
    """
    from mlflow.exceptions import MlflowException

    try:
        return f"&viewStateShareKey={keep_columns(client(where.uri), record.experiment_id, record.metrics)}"
    except MlflowException as error:
        print(f"MLflow's own columns are shown, since the store took no view ({first_line(error)})", file=sys.stderr)
        return ""


def _answers(server: subprocess.Popen[bytes], address: str) -> bool:
    deadline = time.monotonic() + _START_S
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=2):
            return True
        time.sleep(0.2)
    return False
