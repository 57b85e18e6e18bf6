"""A machine lent by a spalloc server: an old one (lines of JSON over TCP) or a new one (http)."""

import json
import os
import socket
from dataclasses import dataclass, field

from varesearch.backends.base import BackendUnavailableError
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.machines._addresses import (
    Credentials,
    host_and_port,
    is_url,
    refuse_credentials,
    refuse_plain_http,
    split_credentials,
)
from varesearch.backends.spinnaker.machines._base import Machine, UserFile, version_in
from varesearch.backends.spinnaker.machines._http import require_answer
from varesearch.config.errors import ConfigurationError

_OLD_PORT = 22244
_LOGIN_PAGE = "system/login.html"
_LOGIN = "the user and password, or the token, of spalloc"


class Spalloc(Machine):
    """A machine lent by a server of either kind; the address tells which."""

    setting = "spalloc_server"
    line = "spalloc_server"

    @classmethod
    def from_settings(cls, settings: SpinnakerSettings) -> "Spalloc":
        server, where = cls.address_in(settings), "backend.spalloc_server"
        refuse_credentials(where, server)
        if is_url(server):
            refuse_plain_http(where, server, _LOGIN)
            return _NewSpalloc(version_in(settings), server)
        host, port = host_and_port(server, _OLD_PORT, where)
        return _OldSpalloc(version_in(settings), host, port, _user(settings.spalloc_user))

    @classmethod
    def from_file(cls, file: UserFile) -> "Spalloc":
        where = f"{cls.line} of {file.path}"
        if is_url(file.address):
            bare, credentials = split_credentials(file.address)
            refuse_plain_http(where, bare, _LOGIN)
            return _NewSpalloc(file.version, bare, credentials, options=file.lines)
        others = {name: value for name, value in file.lines.items() if name not in ("spallocport", "spallocuser")}
        port = file.lines.get("spallocport", _OLD_PORT)
        address = file.address if ":" in file.address else f"{file.address}:{port}"
        host, port = host_and_port(address, _OLD_PORT, where)
        return _OldSpalloc(file.version, host, port, _user(file.lines.get("spallocuser")), options=others)


@dataclass(frozen=True)
class _OldSpalloc(Spalloc):
    """An old server, with host and port, which asks for the user's name."""

    host: str
    port: int
    user: str

    def configuration(self) -> dict[str, str]:
        return {
            **self.options,
            "spalloc_server": self.host,
            "spalloc_port": str(self.port),
            "spalloc_user": self.user,
            "version": str(self.version),
        }

    def probe(self, timeout_s: float) -> None:
        """Ask the server for its version (in the spalloc protocol, each line is a JSON object)."""
        advice = "check backend.spalloc_server, or choose backend.machine=mapping to map without a machine"
        try:
            with socket.create_connection((self.host, self.port), timeout_s) as channel:
                channel.sendall(b'{"command": "version", "args": [], "kwargs": {}}\n')
                answer = json.loads(channel.makefile("rb").readline(4096))
        except TimeoutError as error:
            raise BackendUnavailableError(f"{self.describe()}: no answer in {timeout_s:g} s; {advice}") from error
        except ValueError as error:
            raise BackendUnavailableError(f"{self.describe()}: this is not a spalloc server; {advice}") from error
        except OSError as error:
            raise BackendUnavailableError(f"{self.describe()}: {error.strerror or error}; {advice}") from error
        if not isinstance(answer, dict) or "return" not in answer:
            raise BackendUnavailableError(f"{self.describe()}: this is not a spalloc server; {advice}")

    def describe(self) -> str:
        return f"spalloc server {self.host}:{self.port}"


@dataclass(frozen=True)
class _NewSpalloc(Spalloc):
    """A new server, with an http(s) address. Credentials are those given, or those in the environment."""

    url: str
    credentials: Credentials = field(default_factory=Credentials)

    def configuration(self) -> dict[str, str]:
        return {**self.options, "spalloc_server": self.url, "version": str(self.version)}

    def environment(self) -> dict[str, str]:
        wanted = {"SPALLOC_USER": self.credentials.user, "SPALLOC_PASSWORD": self.credentials.password}
        return {name: value for name, value in wanted.items() if value is not None}

    def probe(self, timeout_s: float) -> None:
        """Fetch the login page, as spalloc's client does, with the bearer token if there is one."""
        token = os.environ.get("OIDC_BEARER_TOKEN")
        seen = {**os.environ, **self.environment()}
        if not token and not (seen.get("SPALLOC_USER") and seen.get("SPALLOC_PASSWORD")):
            raise BackendUnavailableError(
                f"{self.describe()}: no credentials; set the environment variables SPALLOC_USER and SPALLOC_PASSWORD, "
                "or OIDC_BEARER_TOKEN"
            )
        page = self.url.rstrip("/") + "/" + _LOGIN_PAGE
        require_answer(
            page,
            timeout_s,
            who=self.describe(),
            headers={"Authorization": f"Bearer {token}"} if token else {},
            advice="check backend.spalloc_server, or choose backend.machine=mapping to map without a machine",
            refused="the credentials are refused; check SPALLOC_USER and SPALLOC_PASSWORD, or OIDC_BEARER_TOKEN",
        )

    def describe(self) -> str:
        return f"spalloc server {self.url}"


def _user(setting: str | None) -> str:
    """The user's name for an old server: the setting, or SPALLOC_USER. Raises ConfigurationError if neither is set."""
    user = setting or os.environ.get("SPALLOC_USER")
    if not user:
        raise ConfigurationError(
            "backend.spalloc_user=null: an old spalloc server asks for the user's name; set backend.spalloc_user, or "
            "the environment variable SPALLOC_USER, to your e-mail address"
        )
    return user
