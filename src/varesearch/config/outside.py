"""Addresses: those that a record of somebody else must not choose, and those to which no secret may go."""

import ipaddress
import urllib.parse

from varesearch.config.schema import BackendConfig


def addresses_of(backend: BackendConfig) -> dict[str, str]:
    """The settings of a back end that lead to another machine, by their keys, as far as they are set."""
    found = {f"backend.{name}": getattr(backend, name) for name in backend.addresses}
    return {key: str(value) for key, value in found.items() if value is not None}


def is_readable_on_the_way(url: str) -> bool:
    """Whether what is sent to an address goes over a network without encryption: http, but not to this machine."""
    parts = urllib.parse.urlsplit(url)
    return parts.scheme.lower() == "http" and not is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
