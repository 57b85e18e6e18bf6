"""Addresses of machines, and the credentials that must not be in them."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from varesearch.config.addresses import is_readable_on_the_way
from varesearch.config.errors import ConfigurationError


@dataclass(frozen=True)
class Credentials:
    """User and password for spalloc; the representation shows neither."""

    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def __bool__(self) -> bool:
        return self.user is not None or self.password is not None


def is_url(address: str) -> bool:
    """Whether an address is an http(s) address rather than a bare host."""
    return re.match(r"https?://", address, re.IGNORECASE) is not None


def split_credentials(address: str) -> tuple[str, Credentials]:
    """Split an address into the one without ``user:password@`` and these.

    Examples
    --------
    >>> address, credentials = split_credentials("https://me:secret@spalloc.example/")
    >>> address, credentials.user
    ('https://spalloc.example/', 'me')
    """
    if not is_url(address):
        return address, Credentials()
    parts = urlsplit(address)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare, Credentials(parts.username, parts.password)


def refuse_credentials(setting: str, address: str) -> None:
    """Raise ConfigurationError, without repeating them, if there are credentials in an address of the settings."""
    if "@" in (urlsplit(address).netloc if is_url(address) else address):
        raise ConfigurationError(
            f"{setting} holds a user or password: take them out and set the environment variables "
            "SPALLOC_USER and SPALLOC_PASSWORD (or OIDC_BEARER_TOKEN)"
        )


def refuse_plain_http(setting: str, address: str, secret: str) -> None:
    """Raise ConfigurationError if a secret would be sent to an address over an unencrypted network connection."""
    if is_readable_on_the_way(address):
        raise ConfigurationError(
            f"{setting}={address}: {secret} would be sent unencrypted; use https:// (http:// is for this machine only)"
        )


def host_and_port(address: str, default_port: int, setting: str) -> tuple[str, int]:
    """Split ``host[:port]``. Raises ConfigurationError for an invalid port.

    Examples
    --------
    >>> host_and_port("spalloc.example", 22244, "backend.spalloc_server")
    ('spalloc.example', 22244)
    """
    host, colon, port = address.partition(":")
    if not colon:
        return address, default_port
    if not port.isdecimal() or not 0 < int(port) < 65536 or not host:
        raise ConfigurationError(f"{setting}={address}: wanted host or host:port with a port from 1 to 65535")
    return host, int(port)
