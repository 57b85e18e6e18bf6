"""The process that serves MLflow's pages: ``python -m varesearch.ui.server FD``.

FD is the file descriptor of a listening socket. What to serve is read from standard input as a line of JSON
(:class:`Order`), since other users can read the arguments of a process. The server ends when standard input is closed,
that is, together with the process that started it.
"""

import json
import os
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from typing import TextIO

from varesearch.tracking.store import light_import
from varesearch.ui.gate import Gate


@dataclass(frozen=True)
class Order:
    """What to serve: the store, its artifacts, the first token, and ``page``, which follows the token in an address.

    ``bearer`` is the token for programs; with None, programs are refused.
    """

    store: str
    artifacts: str
    token: str
    page: str
    bearer: str | None

    def address(self, port: int, token: str) -> str:
        """Return the address for a browser, which works once."""
        return f"http://127.0.0.1:{port}/?token={token}{self.page}"


def main() -> int:
    """Serve until standard input is closed or a signal arrives."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    order = Order(**json.loads(sys.stdin.readline()))
    terminal = _own_stdout()
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    port = listener.getsockname()[1]

    def used(token: str) -> None:
        print(f"for another browser: {order.address(port, token)}", file=terminal, flush=True)

    with light_import():
        import uvicorn

        _tell_mlflow(order)
        from mlflow.server.fastapi_app import app

    gate = Gate(app, port, order.token, order.bearer, used)
    # Requests are not logged, since their addresses contain tokens.
    settings = uvicorn.Config(gate, log_level="warning", access_log=False, server_header=False)
    uvicorn.Server(settings).run(sockets=[listener])
    return 0


def _tell_mlflow(order: Order) -> None:
    """Set the variables that ``mlflow server`` sets for its workers, but without the artifact proxy (we have files)."""
    from mlflow.server import constants

    os.environ[constants.BACKEND_STORE_URI_ENV_VAR] = order.store
    os.environ[constants.REGISTRY_STORE_URI_ENV_VAR] = order.store
    os.environ[constants.ARTIFACT_ROOT_ENV_VAR] = order.artifacts


def _own_stdout() -> TextIO:
    """Open a stream to the terminal; what MLflow prints is redirected to standard error."""
    terminal = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return terminal


def _end_with_stdin() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
