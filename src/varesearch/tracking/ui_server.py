"""The process that serves MLflow's pages: ``python -m varesearch.tracking.ui_server FD``, what it needs on stdin.

A line of JSON (:class:`Order`) comes by standard input, since other users can read the arguments of a process. The
socket, which listens already, is the file descriptor FD. It ends when standard input does: with whoever started it.
"""

import json
import os
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from typing import TextIO

from varesearch.tracking import mlflow_api
from varesearch.tracking.gate import Gate


@dataclass(frozen=True)
class Order:
    """What to serve: the store and its artifacts, the first token, and ``page``, what follows the token in an address.

    ``bearer`` is the token of programs, None if none is let in.
    """

    store: str
    artifacts: str
    token: str
    page: str
    bearer: str | None

    def address(self, port: int, token: str) -> str:
        """The address at which a browser enters, once."""
        return f"http://127.0.0.1:{port}/?token={token}{self.page}"


def main() -> int:
    """Serve until standard input ends, or a signal comes."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    order = Order(**json.loads(sys.stdin.readline()))
    terminal = _own_stdout()
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    port = listener.getsockname()[1]

    def used(token: str) -> None:
        print(f"for another browser: {order.address(port, token)}", file=terminal, flush=True)

    with mlflow_api.light_import():
        import uvicorn

        _tell_mlflow(order)
        from mlflow.server.fastapi_app import app

    gate = Gate(app, port, order.token, order.bearer, used)
    # No log of requests: their addresses hold tokens.
    settings = uvicorn.Config(gate, log_level="warning", access_log=False, server_header=False)
    uvicorn.Server(settings).run(sockets=[listener])
    return 0


def _tell_mlflow(order: Order) -> None:
    """As ``mlflow server`` tells its workers, but without its proxy of artifacts: the store's are files."""
    from mlflow.server import constants

    os.environ[constants.BACKEND_STORE_URI_ENV_VAR] = order.store
    os.environ[constants.REGISTRY_STORE_URI_ENV_VAR] = order.store
    os.environ[constants.ARTIFACT_ROOT_ENV_VAR] = order.artifacts


def _own_stdout() -> TextIO:
    """The terminal; whatever MLflow prints goes where its errors go."""
    terminal = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return terminal


def _end_with_stdin() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
