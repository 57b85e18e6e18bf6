"""Who is let through to MLflow's pages. The whole server, in ``tests/tracking/test_ui.py``."""

import asyncio
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from varesearch.ui.gate import Gate, is_of_another_user

PORT = 5000
HERE = {"host": f"127.0.0.1:{PORT}"}
SECRET = "the first token"


@dataclass
class Answer:
    """What came back: from the gate, or "inside" from the application behind it."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass
class Pages:
    """A gate before an application that answers everything."""

    bearer: str | None = None

    def __post_init__(self) -> None:
        self.tokens = [SECRET]
        self.gate = Gate(self._inside, PORT, SECRET, self.bearer, self.tokens.append)

    async def _inside(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})

    def ask(self, path: str = "/", headers: Mapping[str, str] = HERE, query: str = "", kind: str = "http") -> Answer:
        sent: list[dict[str, Any]] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": kind, "path": path, "query_string": query.encode(), "headers": encoded, "client": None}
        asyncio.run(self.gate(scope, receive, send))
        if kind == "websocket":
            return Answer(sent[0]["code"])
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], found, sent[1]["body"].decode())

    def enter(self, token: str, **headers: str) -> Answer:
        return self.ask(headers=HERE | headers, query=f"token={token}")


def test_without_a_token_nobody_comes_in() -> None:
    pages = Pages()
    for path in (
        "/",
        "/get-artifact",
        "/ajax-api/2.0/mlflow/runs/delete",
        "/static-files/a.js",
        "/version",
        "//health",
    ):
        answer = pages.ask(path)
        assert answer.status == 401, path
        assert "inside" not in answer.body
    assert pages.ask("/health").status == 200
    assert pages.ask(kind="websocket").status == 1008
    assert pages.enter("another token").status == 401
    assert pages.enter("").status == 401


def test_an_address_opens_once_and_gives_a_cookie() -> None:
    pages = Pages()
    entered = pages.enter(SECRET)
    assert (entered.status, entered.headers["location"]) == (303, "/")
    cookie, _, rules = entered.headers["set-cookie"].partition("; ")
    assert set(rules.split("; ")) == {"HttpOnly", "SameSite=Strict", "Path=/"}
    assert SECRET not in cookie
    assert pages.ask(headers=HERE | {"cookie": f"other=1; {cookie}"}).body == "inside"
    assert pages.ask(headers=HERE | {"cookie": f"{cookie}x"}).status == 401
    # Whoever comes second with the same address has seen it somewhere.
    assert pages.enter(SECRET).status == 401
    assert pages.enter(SECRET, cookie=cookie).status == 303
    assert len(pages.tokens) == 2 and pages.tokens[1] != SECRET
    assert pages.enter(pages.tokens[1]).status == 303


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:5000", "127.0.0.1", "127.0.0.1:5001", "localhost.evil.example:5000", ""]
)
def test_another_name_does_not_lead_here(host: str) -> None:
    """DNS rebinding: a site's own name is made to lead to this machine, and its scripts are then of the same origin."""
    pages = Pages(bearer="b")
    cookie = pages.enter(SECRET).headers["set-cookie"].partition(";")[0]
    known = {"cookie": cookie, "authorization": "Bearer b"}
    assert pages.ask(headers=HERE | known).status == 200
    assert pages.ask(headers={"host": host} | known).status == 403
    assert pages.ask(headers=known).status == 403
    assert pages.ask("/health", headers={"host": host}).status == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:6000", "null", "https://127.0.0.1:5000"])
def test_pages_of_another_origin_cannot_act_for_the_user(origin: str) -> None:
    """MLflow's own check lets every port of this machine through, those of other users too."""
    pages = Pages()
    known = HERE | {"cookie": pages.enter(SECRET).headers["set-cookie"].partition(";")[0]}
    assert pages.ask(headers=known | {"origin": f"http://localhost:{PORT}"}).status == 200
    assert pages.ask(headers=known | {"origin": origin}).status == 403


def test_programs_show_their_token() -> None:
    pages = Pages(bearer="of programs")
    assert pages.ask(headers=HERE | {"authorization": "Bearer of programs"}).body == "inside"
    for shown in ("Bearer of", "Bearer ", "Basic of programs", "of programs", "Bearer the first token"):
        assert pages.ask(headers=HERE | {"authorization": shown}).status == 401
    assert Pages().ask(headers=HERE | {"authorization": "Bearer None"}).status == 401
    assert Pages().ask(headers=HERE | {"authorization": "Bearer "}).status == 401


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_the_other_end_of_a_connection_is_asked_whose_it_is(
    family: socket.AddressFamily, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(family) as client:
        port = listener.getsockname()[1]
        # Programs that speak both versions of the protocol have their connections in the table of the newer one.
        client.connect(("127.0.0.1" if family == socket.AF_INET else "::ffff:127.0.0.1", port))
        connection, peer = listener.accept()
        with connection:
            assert not is_of_another_user(peer, port)
            own = os.geteuid()
            if own:  # root's connections are let through
                monkeypatch.setattr(os, "geteuid", lambda: own + 1)
                assert is_of_another_user(peer, port)
                monkeypatch.undo()
            client.close()
            assert is_of_another_user(peer, port), "a connection that its owner has left is nobody's"
            assert is_of_another_user((peer[0], 1), port)
