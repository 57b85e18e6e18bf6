"""Addresses of servers and stores: the credentials that people put into them, and whether others can read along."""

import ipaddress
import re
import urllib.parse

_SECRET = r"[\w.%-]*(?:passw|pwd|token|secret|api[_-]?key|credential|odbc_connect)[\w.%-]*|pass|key|auth|sig|signature"
"""Names of secret parameters in the addresses of databases, MLflow servers and storage services."""

_USERINFO = re.compile(r"(?<=://)(?!/)\S*@")
_PARAMETER = re.compile(rf"(?<=[?&;#])({_SECRET})=[^&;#\s'\"]*", re.IGNORECASE)


def redact(text: str) -> str:
    """The text, an address or one that holds addresses, with every credential in them replaced by stars."""
    return _PARAMETER.sub(r"\1=***", _USERINFO.sub("***@", text))


def credential_in(address: str) -> str:
    """The kind of credential in an address, such as ``"a password"`` or ``"the parameter token"``; ``""`` for none.

    In the address of a web server a user name alone is a credential, since it may be a token.

    Raises ValueError for a text that is not an address.
    """
    parts = urllib.parse.urlsplit(address)
    if parts.password is not None:
        return "a password"
    if parts.username is not None and parts.scheme.lower() in ("http", "https"):
        return "a user name"
    pairs = [*urllib.parse.parse_qsl(parts.query, True), *urllib.parse.parse_qsl(parts.fragment, True)]
    named = next((name for name, _ in pairs if re.fullmatch(_SECRET, name, re.IGNORECASE)), "")
    return f"the parameter {named}" if named else ""


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
