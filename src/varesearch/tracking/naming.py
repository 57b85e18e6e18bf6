"""How a run is called and described in the store: name, parameters, hashes."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from varesearch.config.addresses import redact
from varesearch.config.plain import distribution_name, is_distribution, parameters_of, single_settings
from varesearch.config.schema import Config

# How a run is started and watched and where it is kept does not change what it is.
NOT_SCIENCE = ("tracking", "launcher", "sweeper", "verbose", "dry_run", "fail", "rerun")
# Shown in a list, so kept short; the whole configuration is an artifact.
_LONGEST_PARAM = 250
_LONGEST_NAME = 80


def run_name(config: Config, overrides: Sequence[str], choices: Mapping[str, str]) -> str:
    """A name that a person can read in a list: ``izhikevich brian2 n=1500``, then what the user changed.

    An experiment's name stands in the place of the cell's. Changes are the overrides of single values, under the last
    part of their key, as many as fit.
    """
    if config.tracking.run_name:
        return config.tracking.run_name
    name = f"{choices.get('experiment') or config.cell.model} {config.backend.name} n={config.connectivity.n}"
    for override in overrides:
        key, _, value = override.lstrip("+~").partition("=")
        key = key.split("@")[0]
        if "/" in key or key in choices or key == "connectivity.n" or key.split(".")[0] in NOT_SCIENCE or not value:
            continue
        addition = f" {key.rpartition('.')[2]}={value}"
        if len(name) + len(addition) > _LONGEST_NAME:
            return f"{name} …"
        name += addition
    return name


def flat_params(resolved: Mapping[str, Any]) -> dict[str, str]:
    """The settings as flat, short parameters: ``cell.a`` -> ``0.02``.

    A distribution is one parameter (``uniform(low=-65.0, high=-14.0)``); what is null is left out, and so is what does
    not belong to the science (tracking, launcher and the like). A value that is too long for a list is cut.
    """
    params = {}
    for key, value in single_settings(science(resolved)):
        if value is not None:
            text = redact(_text(value))
            params[key] = text if len(text) <= _LONGEST_PARAM else f"{text[: _LONGEST_PARAM - 1]}…"
    return params


def science(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that determine a result."""
    return {key: value for key, value in resolved.items() if key not in NOT_SCIENCE}


def config_hash(resolved: Mapping[str, Any], without: Sequence[str] = ()) -> str:
    """SHA-256 of the settings that determine a result, but those at the top level that are named in ``without``."""
    kept = {key: value for key, value in science(resolved).items() if key not in without}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()


def _text(value: Any) -> str:
    if is_distribution(value):
        inner = ", ".join(f"{key}={_text(item)}" for key, item in parameters_of(value).items())
        return f"{distribution_name(value)}({inner})"
    return value if isinstance(value, str) else json.dumps(value, default=str)
