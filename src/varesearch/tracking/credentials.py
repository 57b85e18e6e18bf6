"""What MLflow's client shows to a server, and that none of it is sent where others can read it."""

import configparser
import os
import urllib.parse
from pathlib import Path

from varesearch.config.errors import ConfigurationError
from varesearch.config.outside import is_readable_on_the_way

_SECRETS = ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD")
_FILE = "~/.mlflow/credentials"


def refuse_plain_http(uri: str, shown: str) -> None:
    """Raise ConfigurationError if a password or token would go to a server over plain http, but to this machine.

    Parameters
    ----------
    uri
        Of the server.
    shown
        The same without credentials, for the message.
    """
    if not is_readable_on_the_way(uri):
        return
    source = _source(uri)
    if source is not None:
        raise ConfigurationError(
            f"tracking.uri={shown}: {source} would be sent unencrypted; use https://, a tunnel to this machine "
            "(ssh -L), or take it away if the server asks for none"
        )


def _source(uri: str) -> str | None:
    """Where a password or token is that MLflow's client would send; None if there is none."""
    if urllib.parse.urlsplit(uri).password:
        return "the password in the address"
    for name in _SECRETS:
        if os.environ.get(name):
            return f"the environment's {name}"
    file = configparser.ConfigParser(interpolation=None)
    try:
        read = file.read(Path(_FILE).expanduser(), encoding="utf-8")
    except (OSError, RuntimeError, UnicodeDecodeError, configparser.Error):
        return None
    return f"the password in {_FILE}" if read and file.get("mlflow", _SECRETS[1].lower(), fallback=None) else None
