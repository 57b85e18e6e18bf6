"""The credentials that MLflow's client sends to a server, which must not be sent unencrypted."""

import configparser
import os
import urllib.parse
from pathlib import Path

from varesearch.config.addresses import is_readable_on_the_way
from varesearch.config.errors import ConfigurationError

_SECRETS = ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD")
_FILE = "~/.mlflow/credentials"


def refuse_plain_http(uri: str, shown: str) -> None:
    """Raise ConfigurationError if a password or token would be sent to another machine over plain http.

    Parameters
    ----------
    uri
        The address of the server.
    shown
        The address without credentials, for the message.
    """
    if not is_readable_on_the_way(uri):
        return
    source = _source(uri)
    if source is not None:
        raise ConfigurationError(
            f"tracking.uri={shown}: {source} would be sent unencrypted; use https:// or a tunnel to this machine "
            "(ssh -L), or remove it if the server does not need it"
        )


def _source(uri: str) -> str | None:
    """The password or token that MLflow's client would send, in words; None if there is none."""
    if urllib.parse.urlsplit(uri).password:
        return "the password in the address"
    for name in _SECRETS:
        if os.environ.get(name):
            return f"the environment variable {name}"
    file = configparser.ConfigParser(interpolation=None)
    try:
        read = file.read(Path(_FILE).expanduser(), encoding="utf-8")
    except (OSError, RuntimeError, UnicodeDecodeError, configparser.Error):
        return None
    return f"the password in {_FILE}" if read and file.get("mlflow", _SECRETS[1].lower(), fallback=None) else None
