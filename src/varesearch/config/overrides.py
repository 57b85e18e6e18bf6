"""What is given on the command line, ``GROUP=OPTION`` and ``KEY=VALUE``: read with Hydra's grammar, applied typed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from varesearch.config.cells import unit_of
from varesearch.config.errors import ConfigurationError
from varesearch.config.options import DISCRIMINATORS, Option
from varesearch.config.wording import did_you_mean, nearest, written

_TYPE_WORDS = {float: "a number", int: "a whole number", bool: "true or false", str: "a name"}


@dataclass(frozen=True)
class Overrides:
    """``choices``: group -> option (None: nothing chosen); ``values``: key -> value, in the order given."""

    choices: dict[str, str | None]
    values: dict[str, Any]


def parse_overrides(words: Sequence[str], options: Mapping[str, Mapping[str, Option]]) -> Overrides:
    """Tell choices from values. Raises ConfigurationError for what cannot be read, or is no option of its group."""
    parser = OverridesParser.create()
    choices: dict[str, str | None] = {}
    values: dict[str, Any] = {}
    for word in words:
        override = read_word(word, parser, options)
        if override.is_sweep_override():
            name = override.key_or_group
            raise ConfigurationError(
                f"{word}: one run takes one value; write {name}=VALUE, {name}=[A,B] for a list, or add -m for a sweep"
            )
        key, value = override.key_or_group, override.value()
        if key in choices or key in values:
            raise ConfigurationError(f"{word}: {key} is given twice; give it once")
        if key in options and not isinstance(value, Mapping):
            choices[key] = _option(word, key, value, options)
        else:
            values[key] = value
    return Overrides(choices, values)


def read_word(word: str, parser: OverridesParser, options: Mapping[str, Mapping[str, Option]]) -> Override:
    """One word, which may be a sweep. Raises ConfigurationError for what is no override, or not one of ours."""
    if word.startswith("~"):
        name = word[1:].partition("=")[0]
        hint = "; stimulus=none means no stimulus" if name == "stimulus" else ""
        raise ConfigurationError(f"{word}: a setting cannot be removed; write {name}=VALUE to change it{hint}")
    key, equals, text = word.lstrip("+").partition("=")
    if word.startswith("+"):
        raise ConfigurationError(f"{word}: settings are changed, never added; leave out the +")
    if not equals:
        hint = "" if key in options else did_you_mean(key, options)
        raise ConfigurationError(
            f"{word}: an = is missing; write {key}={'OPTION' if key in options else 'VALUE'}{hint}"
        )
    if not key:
        raise ConfigurationError(f"{word}: the name before the = is missing; write GROUP=OPTION or KEY=VALUE")
    if not text.strip():
        raise ConfigurationError(f"{word}: the value is missing; write {key}=VALUE, or {key}=null for none")
    if key.split(".")[0].split("/")[0] == "hydra" or "@" in key:
        raise ConfigurationError(f"{word}: Hydra's own settings and packages play no part here; leave it out")
    try:
        return parser.parse_override(word)
    except HydraException as error:
        raise ConfigurationError(f"{word}: cannot be read ({_reason(error)}); {_quoting(text)}") from None


def _reason(error: HydraException) -> str:
    """The parser's own words, without the position line and the link that it adds."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith(("See ", "^", "Error parsing"))]
    return "; ".join(kept) or "it breaks the grammar"


def _quoting(text: str) -> str:
    for opening, closing in ("[]", "{}", "()"):
        if text.count(opening) != text.count(closing):
            return f"{opening} and {closing} do not match"
    return "put a value that holds special signs in quotes, KEY='\"VALUE\"'"


def _option(word: str, group: str, value: Any, options: Mapping[str, Mapping[str, Option]]) -> str | None:
    if value is None and group == "experiment":
        return None
    name = str(value).lower() if isinstance(value, bool) else value
    if not isinstance(name, str) or name not in options[group]:
        hint = did_you_mean(name, options[group]) if isinstance(name, str) else ""
        raise ConfigurationError(
            f"{word}: {group} has no such option; choose one of {', '.join(sorted(options[group]))}{hint}"
        )
    return name


def apply_values(config: DictConfig, values: Mapping[str, Any], choices: Mapping[str, str | None]) -> None:
    """Set each value in place. Raises ConfigurationError for an unknown key or a value of another type."""
    for key, value in values.items():
        _apply(config, key, value, choices)


def _apply(config: DictConfig, key: str, value: Any, choices: Mapping[str, str | None]) -> None:
    parts = key.split(".")
    node: Any = config
    for depth, part in enumerate(parts[:-1]):
        check_key(config, node, parts[: depth + 1], choices)
        is_link = OmegaConf.is_interpolation(node, part)
        node = None if is_link else node[part]
        if not isinstance(node, DictConfig):
            whole = ".".join(parts[: depth + 1])
            raise ConfigurationError(f"{key} is unknown: {whole} is one value, write {whole}=VALUE")
    check_key(config, node, parts, choices)
    schema = OmegaConf.get_type(node)
    hint = _type_hint(schema, parts[-1])
    if is_dataclass(hint) and isinstance(value, Mapping):
        for name, item in value.items():
            _apply(config, f"{key}.{name}", item, choices)
        return
    _assign(config, key, value, hint, unit_of(schema, parts[-1]) if is_dataclass(schema) else "")


def check_key(config: DictConfig, node: Any, parts: Sequence[str], choices: Mapping[str, str | None]) -> None:
    """Raise ConfigurationError, with the nearest spelling, unless ``node`` (where ``parts`` ends) has its last part."""
    if parts[-1] in node:
        return
    key, parent = ".".join(parts), ".".join(parts[:-1])
    if "distribution" in node:
        raise ConfigurationError(
            f"{key} is unknown: it is no parameter of the {node['distribution']} distribution; to change the "
            f"distribution write it whole, {parent}={{distribution: NAME, ...}}"
        )
    names = [str(name) for name in node if len(parts) != 2 or DISCRIMINATORS.get(parts[0]) != name]
    near = nearest(parts[-1], names)
    hint = f"; did you mean {parent + '.' if parent else ''}{near}?" if near else _same_elsewhere(config, parts[-1])
    chosen = choices.get(parts[0])
    where = f"{parts[0]}={chosen}" if chosen is not None and len(parts) == 2 else parent or "the configuration"
    raise ConfigurationError(f"{key} is unknown: {where} has {', '.join(names) or 'no settings'}{hint}")


def _same_elsewhere(config: DictConfig, name: str) -> str:
    last_parts: dict[str, str] = {}
    for key in all_keys(config):
        last_parts.setdefault(key.rpartition(".")[2], key)
    near = nearest(name, last_parts)
    return f"; did you mean {last_parts[near]}?" if near else ""


def all_keys(config: DictConfig, prefix: str = "") -> Iterator[str]:
    """The full names of all single settings; a distribution is one setting."""
    for name in config:
        is_single = OmegaConf.is_interpolation(config, str(name)) or OmegaConf.is_missing(config, name)
        node = None if is_single else config[name]
        if isinstance(node, DictConfig) and "distribution" not in node:
            yield from all_keys(node, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _type_hint(schema: Any, name: str) -> Any:
    return get_type_hints(schema).get(name, Any) if is_dataclass(schema) else Any


def _assign(config: DictConfig, key: str, value: Any, hint: Any, unit: str) -> None:
    wanted = type_words(hint)
    message = f"{key}={written(value)} is not {wanted}" + (f" ({unit})" if unit else "")
    if hint is int and isinstance(value, float) and value.is_integer():
        message += f"; write {value:.0f}"
    if (hint is bool and not isinstance(value, bool)) or value == "???" or is_dataclass(hint):
        raise ConfigurationError(message)
    if get_origin(hint) is list and isinstance(value, str | int | float):
        message += f"; write {key}=[{value}]"
    try:
        OmegaConf.update(config, key, value, merge=False)
    except (OmegaConfBaseException, ValueError, TypeError):
        raise ConfigurationError(message) from None


def type_words(hint: Any) -> str:
    """What may be written for a field of this type, in words."""
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(type_words(part) for part in get_args(hint) if part is not type(None)) + " or null"
    if get_origin(hint) is list:
        inner = get_args(hint)[0]
        return "a list of lists of numbers" if get_origin(inner) is list else f"a list of {_TYPE_WORDS[inner][2:]}s"
    if is_dataclass(hint):
        return f"one value but a group of settings ({', '.join(f.name for f in fields(hint))})"
    return _TYPE_WORDS.get(hint, "a number or {distribution: NAME, ...}")
