"""Who may use MLflow's pages: the user who started them, on the machine on which they run.

MLflow's server asks nobody who he is, and a port on loopback is open to every account of the machine. This stands in
front of its application (ASGI) and lets a request through that carries

* the cookie of a browser that has opened an address with a token, which works once, or
* ``Authorization: Bearer`` with the ``MLFLOW_TRACKING_TOKEN`` under which the pages were started: other programs.

A cookie goes to every port of a host, so also to a server of another user to which a browser is lured. Where the
kernel tells whose the other end of a connection is, that must therefore be the user, too (or root).
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
"""Is answered to anybody, and says nothing."""

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
    """Why a request is not let through."""

    status: HTTPStatus
    text: str


class Gate:
    """An ASGI application that passes on to another one what it lets through.

    Parameters
    ----------
    application
        What is guarded.
    port
        Of the pages; a request must name it in its ``Host``, so that no other name leads here (DNS rebinding).
    token
        What the first address holds.
    bearer
        What programs show; None: none is let in.
    used
        Is called with the token of the next address when one was used.
    """

    def __init__(
        self, application: Application, port: int, token: str, bearer: str | None, used: Callable[[str], None]
    ) -> None:
        self._application, self._token, self._bearer, self._used = application, token, bearer, used
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
            return Refusal(HTTPStatus.FORBIDDEN, "This was asked by a page of another site.\n")
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
        """Give a browser the cookie. The page that it asked for stands behind the #, which a browser keeps."""
        if _same(token, self._token):
            self._token = secrets.token_urlsafe(32)
            self._used(self._token)
        elif not self._known(headers):
            await _answer(send, HTTPStatus.UNAUTHORIZED, _STRANGER)
            return
        cookie = f"{self._cookie_name}={self._cookie}; HttpOnly; SameSite=Strict; Path=/"
        await _answer(send, HTTPStatus.SEE_OTHER, "", {"location": "/", "set-cookie": cookie})


def is_of_another_user(client: tuple[str, int] | None, port: int) -> bool:
    """Whether the other end of a connection from this machine to ``port`` belongs to another user than us and root.

    False where the kernel's tables of connections are not to be read. They show an end that was closed as nobody's:
    that is another user too.
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
