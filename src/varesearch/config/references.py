"""References: settings that take their value from another setting, such as ``${cell.weight_exc}``."""

import re
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError, InterpolationValidationError, UnsupportedInterpolationType

from varesearch.config.errors import ConfigurationError
from varesearch.config.overrides import check_key, list_hint, type_words
from varesearch.config.plain import is_group
from varesearch.config.wording import echoed, written

_REFERENCE = re.compile(r"\$\{(\w[\w.]*)\}")
_ANOTHER = "write a value, or ${GROUP.KEY} for the value of another setting"


def check_references(node: DictConfig, path: str = "") -> None:
    """Raise ConfigurationError for a setting that refers to a group of settings, or a list that refers to another kind.

    OmegaConf checks the type of the value that ``${...}`` refers to for numbers and texts, but not for lists and drawn
    settings.
    """
    schema = OmegaConf.get_type(node)
    hints = get_type_hints(schema) if is_dataclass(schema) else {}
    for name in map(str, node):
        key, hint = f"{path}{name}", hints.get(name, Any)
        refers = OmegaConf.is_interpolation(node, name)
        value = None if OmegaConf.is_missing(node, name) else node[name]
        if (wanted := list_hint(hint)) is not None:
            listed = OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
            if not (_is_list(listed, wanted) or (value is None and wanted is not hint)):
                shown = "a group of settings" if is_group(value) else echoed(str(value))
                raise ConfigurationError(
                    f"{key} refers to {shown}, which is not a list of values of its own kind; write [A, B]"
                )
        elif is_group(value) and refers:
            reference = OmegaConf.to_container(node, resolve=False)[name]  # type: ignore[index,call-overload]
            raise ConfigurationError(f"{key} refers to {echoed(str(reference))}, a group of settings; write a value")
        elif isinstance(value, DictConfig) and is_group(value):
            check_references(value, f"{key}.")


def reference_problem(node: DictConfig, error: Exception, choices: Mapping[str, str | None]) -> str:
    """Describe in one line why OmegaConf cannot resolve a reference, and what to write instead.

    Parameters
    ----------
    node
        The whole configuration, with its references not yet resolved.
    error
        The exception that OmegaConf raised; its ``full_key`` is the name of the setting.
    choices
        The option of each group.
    """
    key = getattr(error, "full_key", None) or ""
    plain: Any = OmegaConf.to_container(node, resolve=False)
    text = _written_at(plain, key)
    setting = f"{key}={echoed(text)}" if key else "a setting"
    names = _REFERENCE.findall(text)
    for name in names:
        try:
            _check_name(node, name, choices)
        except ConfigurationError as unknown:
            return f"{setting}: {unknown}"
    if key in _followed(plain, key):
        return f"{setting} refers to itself; write a value"
    if isinstance(error, UnsupportedInterpolationType):
        return f"{setting} names a function that does not exist; {_ANOTHER}, or ${{product:A,B}} for a product"
    if isinstance(error, InterpolationValidationError) and names and text == f"${{{names[0]}}}":
        parent, _, last = key.rpartition(".")
        hints = get_type_hints(OmegaConf.get_type(OmegaConf.select(node, parent)) or object)
        value = echoed(written(OmegaConf.select(node, names[0])))
        return f"{setting}: {names[0]} is {value}, which is not {type_words(hints.get(last))}; {_ANOTHER}"
    cause = str(error).strip().partition("\n")[0].rpartition("while resolving interpolation: ")[2]
    if isinstance(error, InterpolationKeyError):
        cause = "it refers to an unknown setting"
    return f"{setting} cannot be resolved: {cause}; {_ANOTHER}"


def _check_name(node: Any, name: str, choices: Mapping[str, str | None]) -> None:
    """Raise ConfigurationError, with the nearest spelling, if there is no setting or group of this full name."""
    config, parts = node, name.split(".")
    for depth, part in enumerate(parts, start=1):
        if not isinstance(node, DictConfig):
            return
        check_key(config, node, parts[:depth], choices)
        node = None if OmegaConf.is_interpolation(node, part) else node[part]


def _at(plain: Any, name: str) -> Any:
    """The part of plain settings that has this full name, or None."""
    for part in re.findall(r"[^.\[\]]+", name):
        if isinstance(plain, Mapping):
            plain = plain.get(part)
        elif isinstance(plain, list) and part.isdigit() and int(part) < len(plain):
            plain = plain[int(part)]
        else:
            return None
    return plain


def _written_at(plain: Any, name: str) -> str:
    """The value of this full name as it is written, with its references."""
    return written(_at(plain, name))


def _followed(plain: Any, key: str) -> set[str]:
    """The names of all settings that a setting refers to, directly or through others."""
    found: set[str] = set()
    ahead = [key]
    while ahead:
        new = set(_REFERENCE.findall(_written_at(plain, ahead.pop()))) - found
        found |= new
        ahead += new
    return found


def _is_list(value: Any, hint: Any) -> bool:
    if get_origin(hint) is list:
        return isinstance(value, list) and all(_is_list(item, get_args(hint)[0]) for item in value)
    return isinstance(value, (int, float) if hint is float else hint)
