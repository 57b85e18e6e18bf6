"""Access control for MLflow's pages: only the user who started them may use them, and only on the same machine.

MLflow's server has no authentication, and a loopback port is open to every account of the machine. The gate is an ASGI
application in front of MLflow's and passes on requests that have

* the cookie of a browser that has opened an address with a token, which works once, or
* for other programs, ``Authorization: Bearer`` with the ``MLFLOW_TRACKING_TOKEN`` with which the pages were started.

A browser sends a cookie to every port of a host, and thus possibly to a server of another user, who could then use it.
If the kernel shows which user owns the other end of a connection, it must therefore be the same user (or root).
"""

import hmac
import os
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

LOOPBACK = "127.0.0.1"
HEALTH = "/health"
"""This path is answered for everybody and reveals nothing."""

_ROOT = 0
_ESTABLISHED, _LISTENS = "01", "0A"
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_STRANGER = (
    "These pages belong to the user who started them. Open the address that `make ui` printed. Each address works "
    "once; a new one is printed when it has been used.\n"
)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused."""

    status: HTTPStatus
    text: str


class Gate:
    """An ASGI application that passes accepted requests on to another one.

    Parameters
    ----------
    application
        The application that is protected.
    port
        The port of the pages; a request must name it in its ``Host`` header, against DNS rebinding.
    token
        The token of the first address.
    bearer
        The token that programs send; None: no program is accepted.
    on_token_used
        Called with the token of the next address when an address was used.
    """

    def __init__(
        self, application: Application, port: int, token: str, bearer: str | None, on_token_used: Callable[[str], None]
    ) -> None:
        self._application, self._token, self._bearer, self._on_token_used = application, token, bearer, on_token_used
        self._port = port
        self._hosts = {f"{name}:{port}" for name in (LOOPBACK, "localhost")}
        self._cookie_name, self._cookie = f"varesearch-{port}", secrets.token_urlsafe(32)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._foreign(scope, headers)
        if refusal is not None:
            await _answer(send, refusal.status, refusal.text)
        elif scope["path"] == HEALTH:
            await self._application(scope, receive, send)
        elif scope["path"] == "/" and "token" in (asked := parse_qs(scope["query_string"].decode("latin-1"))):
            await self._enter(asked["token"][0], headers, send)
        elif self._known(headers):
            await self._application(scope, receive, send)
        else:
            await _answer(send, HTTPStatus.UNAUTHORIZED, _STRANGER)

    def _foreign(self, scope: MutableMapping[str, Any], headers: dict[str, str]) -> Refusal | None:
        if headers.get("host") not in self._hosts:
            return Refusal(HTTPStatus.FORBIDDEN, f"Use http://{LOOPBACK}:{self._port}.\n")
        origin = headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self._hosts:
            return Refusal(HTTPStatus.FORBIDDEN, "This request came from a page of another site.\n")
        if is_of_another_user(scope.get("client"), self._port):
            return Refusal(HTTPStatus.FORBIDDEN, _STRANGER)
        return None

    def _known(self, headers: dict[str, str]) -> bool:
        for part in headers.get("cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == self._cookie_name and _same(value, self._cookie):
                return True
        kind, _, shown = headers.get("authorization", "").partition(" ")
        return self._bearer is not None and kind.lower() == "bearer" and _same(shown, self._bearer)

    async def _enter(self, token: str, headers: dict[str, str], send: Send) -> None:
        """Give a browser the cookie. The requested page follows the # of the address, which the browser keeps."""
        if _same(token, self._token):
            self._token = secrets.token_urlsafe(32)
            self._on_token_used(self._token)
        elif not self._known(headers):
            await _answer(send, HTTPStatus.UNAUTHORIZED, _STRANGER)
            return
        cookie = f"{self._cookie_name}={self._cookie}; HttpOnly; SameSite=Strict; Path=/"
        await _answer(send, HTTPStatus.SEE_OTHER, "", {"location": "/", "set-cookie": cookie})


def is_of_another_user(client: tuple[str, int] | None, port: int) -> bool:
    """Return whether the other end of a connection to ``port`` of this machine belongs to another user.

    Root and the user of this process are not other users.

    False if the kernel's tables of connections cannot be read. A closed end has no owner in them and counts as another
    user's.
    """
    if client is None:
        return False
    address = "".join(f"{int(part):02X}" for part in reversed(client[0].split(".")))
    readable = False
    for table in _TABLES:
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            _, local, remote, state, _, _, _, uid, *_ = line.split()
            readable |= state == _LISTENS and int(local.rpartition(":")[2], 16) == port
            here = local.endswith(f"{address}:{client[1]:04X}") and remote.endswith(f":{port:04X}")
            if here and state == _ESTABLISHED:
                return int(uid) not in (os.geteuid(), _ROOT)
    return readable


def _same(shown: str, secret: str) -> bool:
    return hmac.compare_digest(shown.encode(), secret.encode())


async def _answer(send: Send, status: HTTPStatus, text: str, headers: dict[str, str] | None = None) -> None:
    body = text.encode()
    fields = {
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        **(headers or {}),
    }
    encoded = [(name.encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": int(status), "headers": encoded})
    await send({"type": "http.response.body", "body": body})
