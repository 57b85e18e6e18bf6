"""What a run is, as its folder and the store show it from its first moment: name, parameters, hashes, command."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from varesearch.config.addresses import redact
from varesearch.config.compose import Composed
from varesearch.config.launching import NOT_SCIENCE
from varesearch.config.plain import distribution_name, is_distribution, parameters_of, single_settings
from varesearch.config.plausibility import doubts
from varesearch.config.schema import Config
from varesearch.shell import code_span, command
from varesearch.tracking.tags import BACKEND, CONFIG_HASH, CONFIG_HASH_ANY_SEED, EXPERIMENT, NOTE, WARNINGS

# Shown in a list, so kept short; the whole configuration is an artifact.
_LONGEST_PARAM = 250
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Description:
    """What a run is, whoever tracks it. Nothing in it holds credentials, except ``resolved``.

    Attributes
    ----------
    name
        Its name, for people.
    resolved
        The configuration as plain dicts.
    made_by
        The command that makes it, quoted for a shell.
    overrides, choices
        The settings that the user gave, and the option that was chosen in each group.
    tags, params
        What the store shows of it.
    """

    name: str
    resolved: Mapping[str, Any]
    made_by: str
    overrides: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)


def describe(composed: Composed, made_by: Sequence[str] = (), tags: Mapping[str, str] | None = None) -> Description:
    """The description of a run of a network.

    Parameters
    ----------
    composed
        Its configuration.
    made_by
        The words of the command that makes it; by default, that of the configuration.
    tags
        Further tags that it has from its first moment.
    """
    config, resolved = composed.config, composed.resolved
    overrides = tuple(redact(override) for override in composed.overrides)
    choices = {group: option for group, option in composed.choices.items() if option}
    shown = command(*map(redact, made_by or composed.command))
    doubted = [doubt.text for doubt in doubts(config)]
    described = {
        NOTE: code_span(shown),
        CONFIG_HASH: config_hash(resolved),
        CONFIG_HASH_ANY_SEED: config_hash(resolved, without=["seed"]),
        BACKEND: config.backend.name,
        **({WARNINGS: "; ".join(doubted)} if doubted else {}),
        **({EXPERIMENT: choices["experiment"]} if "experiment" in choices else {}),
        **(tags or {}),
    }
    name = run_name(config, overrides, choices)
    return Description(name, resolved, shown, overrides, choices, described, flat_params(resolved))


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
    settings = single_settings(science(resolved))
    return {key: short(redact(_text(value))) for key, value in settings if value is not None}


def science(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that determine a result."""
    return {key: value for key, value in resolved.items() if key not in NOT_SCIENCE}


def config_hash(resolved: Mapping[str, Any], without: Sequence[str] = ()) -> str:
    """SHA-256 of the settings that determine a result, but those at the top level that are named in ``without``."""
    kept = {key: value for key, value in science(resolved).items() if key not in without}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()


def short(text: str, longest: int = _LONGEST_PARAM) -> str:
    """The text, cut with an ellipsis if it is too long for a list."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _text(value: Any) -> str:
    if is_distribution(value):
        inner = ", ".join(f"{key}={_text(item)}" for key, item in parameters_of(value).items())
        return f"{distribution_name(value)}({inner})"
    return value if isinstance(value, str) else json.dumps(value, default=str)
