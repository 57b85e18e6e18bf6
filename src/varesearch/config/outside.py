"""Addresses of other machines: which ones a configuration contains, and which ones are reached unencrypted."""

import ipaddress
import urllib.parse

from varesearch.config.schema import BackendConfig


def addresses_of(backend: BackendConfig) -> dict[str, str]:
    """The settings of a back end that name another machine and are set: key -> value."""
    found = {f"backend.{name}": getattr(backend, name) for name in backend.addresses}
    return {key: str(value) for key, value in found.items() if value is not None}


def is_readable_on_the_way(url: str) -> bool:
    """Whether data sent to an address crosses a network unencrypted: http, unless it is this machine."""
    parts = urllib.parse.urlsplit(url)
    return parts.scheme.lower() == "http" and not is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Whether a host name or address denotes this machine (loopback)."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
