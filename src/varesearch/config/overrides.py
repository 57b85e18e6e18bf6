"""The overrides in a command, ``GROUP=OPTION`` and ``KEY=VALUE``: read with Hydra's grammar, set with their types."""

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from varesearch.config.errors import ConfigurationError
from varesearch.config.options import DISCRIMINATORS, Option, schemas
from varesearch.config.plain import is_one_value, kind_of, single_settings
from varesearch.config.settings import unit_of
from varesearch.config.wording import did_you_mean, echoed, nearest

_MAPPING_OF_DRAWS = "a mapping {NAME: {distribution: ...}, ...}"
_TYPE_WORDS = {float: "a number", int: "a whole number", bool: "true or false", str: "a name"}


@dataclass(frozen=True)
class Overrides:
    """``choices``: group -> option (None: nothing chosen); ``values``: key -> value, in the order given."""

    choices: dict[str, str | None]
    values: dict[str, Any]


def parse_overrides(words: Sequence[str], options: Mapping[str, Mapping[str, Option]]) -> Overrides:
    """Read the words of a single run, and separate choices of options from values of settings.

    Raises
    ------
    ConfigurationError
        A word cannot be read, is given twice, holds several values, or names an option that its group does not have.

    Examples
    --------
    >>> from varesearch.config.options import options
    >>> parse_overrides(["cell=if_curr_exp", "connectivity.p=0.05"], options())
    Overrides(choices={'cell': 'if_curr_exp'}, values={'connectivity.p': 0.05})
    """
    parser = OverridesParser.create()
    choices: dict[str, str | None] = {}
    values: dict[str, Any] = {}
    check_quoting(words)
    for word in words:
        override = read_word(word, parser, options)
        if override.is_sweep_override():
            name = override.key_or_group
            raise ConfigurationError(
                f"{echoed(word)}: one run takes one value; write {name}=VALUE, {name}=[A,B] for a list, or write "
                "varesearch sweep for a sweep"
            )
        key, value = override.key_or_group, override.value()
        if key in choices or key in values:
            raise ConfigurationError(f"{echoed(word)}: {key} is given twice; give it once")
        if key in options and not isinstance(value, Mapping):
            choices[key] = _option(word, key, value, options)
        else:
            values[key] = value
    return Overrides(choices, values)


def check_quoting(words: Sequence[str]) -> None:
    """Raise ConfigurationError for a value that the shell split at its spaces, or at the commas within braces."""
    for first, word in enumerate(words):
        for last in range(first + 2, len(words) + 1):
            # Only if the closing bracket follows was the value split; otherwise it was never closed.
            if not _is_open(word) or "=" in words[last - 1]:
                break
            whole = " ".join(words[first:last])
            if not _is_open(whole):
                raise ConfigurationError(f"{echoed(word)}: the shell split this value at its spaces; {_quoted(whole)}")
    parts: dict[str, list[str]] = {}
    for word in words:
        key, _, value = word.partition("=")
        parts.setdefault(key, []).append(value)
    for key, values in parts.items():
        if len(values) > 1 and all(_NAME_AND_VALUE.fullmatch(value) for value in values):
            whole = f"{key}={{{','.join(values)}}}"
            raise ConfigurationError(
                f"{echoed(f'{key}={values[0]}')}: the shell expanded the braces of this value; {_quoted(whole)}"
            )


_NAME_AND_VALUE = re.compile(r"[a-z]+:\s*[^\s:]+")


def _is_open(text: str) -> bool:
    return any(text.count(opening) > text.count(closing) for opening, closing in ("[]", "{}", "()"))


def _quoted(word: str) -> str:
    return f"quote it: {shlex.quote(word)}"


def read_word(word: str, parser: OverridesParser, options: Mapping[str, Mapping[str, Option]]) -> Override:
    """Read one word, which may be a sweep. Raises ConfigurationError if varesearch does not support it."""
    shown = echoed(word)
    if word.startswith("~"):
        name = word[1:].partition("=")[0]
        hint = "; stimulus=none means no stimulus" if name == "stimulus" else ""
        raise ConfigurationError(f"{shown}: a setting cannot be removed; write {echoed(name)}=VALUE to change it{hint}")
    key, equals, text = word.lstrip("+").partition("=")
    if word.startswith("+"):
        raise ConfigurationError(f"{shown}: settings are changed, never added; leave out the +")
    if not equals:
        hint = "" if key in options else did_you_mean(key, options)
        raise ConfigurationError(
            f"{shown}: an = is missing; write {echoed(key)}={'OPTION' if key in options else 'VALUE'}{hint}"
        )
    if not key:
        raise ConfigurationError(f"{shown}: the name before the = is missing; write GROUP=OPTION or KEY=VALUE")
    if not text.strip():
        raise ConfigurationError(
            f"{shown}: the value is missing; write {echoed(key)}=VALUE, or {echoed(key)}=null for none"
        )
    if key.split(".")[0].split("/")[0] == "hydra" or "@" in key:
        raise ConfigurationError(f"{shown}: Hydra's own settings and packages are not supported; leave it out")
    try:
        return parser.parse_override(word)
    except HydraException:
        raise ConfigurationError(f"{shown}: cannot be read; {_correction(key, text, parser)}") from None
    except ValueError:
        most = sys.get_int_max_str_digits()
        raise ConfigurationError(f"{shown}: cannot be read; a number has at most {most:,} digits") from None
    except RecursionError:
        raise ConfigurationError(f"{shown}: cannot be read; its brackets are nested too deeply") from None


def _correction(key: str, text: str, parser: OverridesParser) -> str:
    """Describe how to write a word that the grammar does not accept."""
    for opening, closing in ("[]", "{}", "()"):
        if text.count(opening) != text.count(closing):
            return f"{opening} and {closing} do not match"
    quoted = f'{key}="{text}"'
    try:
        parser.parse_override(quoted)
    except (HydraException, ValueError, RecursionError):
        return "write GROUP=OPTION or KEY=VALUE; a text with quotes or brackets is written '\"TEXT\"'"
    return f"a value with special characters needs two kinds of quotes: {echoed(shlex.quote(quoted))}"


def _option(word: str, group: str, value: Any, options: Mapping[str, Mapping[str, Option]]) -> str | None:
    if value is None and group == "experiment":
        return None
    name = str(value).lower() if isinstance(value, bool) else value
    if not isinstance(name, str) or name not in options[group]:
        hint = did_you_mean(name, options[group]) if isinstance(name, str) else ""
        raise ConfigurationError(
            f"{echoed(word)}: {group} has no such option; choose one of {', '.join(sorted(options[group]))}{hint}"
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
            raise ConfigurationError(f"{echoed(key)} is unknown: {whole} is one value, write {whole}=VALUE")
    if not _has_free_names(node):
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
    if is_one_value(node):
        whole = "{distribution: NAME, ...}" if "distribution" in node else '{expression: "TEXT"}'
        raise ConfigurationError(
            f"{key} is unknown: it is no parameter of {kind_of(node)}; to change it write it whole, {parent}={whole}"
        )
    names = [str(name) for name in node if len(parts) != 2 or DISCRIMINATORS.get(parts[0]) != name]
    suggested = _suggestions(config, parts, names)
    hint = f"; did you mean {' or '.join(suggested)}?" if suggested else ""
    chosen = choices.get(parts[0])
    where = f"{parts[0]}={chosen}" if chosen is not None and len(parts) == 2 else parent or "the configuration"
    raise ConfigurationError(f"{echoed(key)} is unknown: {echoed(where)} has {', '.join(names) or 'no settings'}{hint}")


def _has_free_names(node: Any) -> bool:
    """Return whether a node is a mapping whose names are the user's own, such as ``cell.draws``."""
    return OmegaConf.get_type(node) is dict and not is_one_value(node)


def _suggestions(config: DictConfig, parts: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the settings that an unknown name may mean: similar names in the same group, or the same elsewhere."""
    name, parent = parts[-1], "".join(f"{part}." for part in parts[:-1])
    near = nearest(name, names)
    beside = [f"{parent}{near}"] if near else []
    if beside and parent:
        return beside
    same = _with_name(config, name)
    return [*beside, *same] or _of_other_options(parts) or _with_similar_name(config, name)


def _with_name(config: DictConfig, name: str) -> list[str]:
    """Return the settings of other groups that have this name, with or without a unit."""
    keys = _all_keys(config)
    same = [key for key in keys if key.rpartition(".")[2].lower() == name.lower()]
    return _first_three(same or [key for key in keys if key.rpartition(".")[2].lower().startswith(f"{name.lower()}_")])


def _with_similar_name(config: DictConfig, name: str) -> list[str]:
    """Return the settings whose last part is most similar to a name."""
    keys = _all_keys(config)
    near = nearest(name, [key.rpartition(".")[2] for key in keys])
    return _first_three([key for key in keys if near and key.rpartition(".")[2] == near])


def _first_three(keys: Sequence[str]) -> list[str]:
    """Return at most three keys of the highest level; those of groups that every run has come first."""
    depth = min((key.count(".") for key in keys), default=0)
    return sorted(
        (key for key in keys if key.count(".") == depth), key=lambda key: key.split(".")[0] in DISCRIMINATORS
    )[:3]


def _of_other_options(parts: Sequence[str]) -> list[str]:
    """Return the options, of the named group if there is one, that have a setting which the chosen options lack."""
    groups = [parts[0]] if len(parts) > 1 else list(DISCRIMINATORS)
    return [
        f"{group}.{parts[-1]} with {group}={name}"
        for group in groups
        for name, schema in schemas().get(group, {}).items()
        if len(parts) < 3 and parts[-1] in {field.name for field in fields(schema)}
    ][:3]


def _all_keys(config: DictConfig) -> list[str]:
    """Return the full names of all single settings."""
    plain = cast(dict[str, Any], OmegaConf.to_container(config, resolve=False))
    return [key for key, _ in single_settings(plain)]


def _type_hint(schema: Any, name: str) -> Any:
    return get_type_hints(schema).get(name, Any) if is_dataclass(schema) else Any


def _assign(config: DictConfig, key: str, value: Any, hint: Any, unit: str) -> None:
    # A float is shown as Python writes it, since 1.0 may be refused where 1 is accepted.
    given = repr(value) if isinstance(value, float) else echoed(value)
    message = f"{key}={given} is not {type_words(hint)}" + (f" ({unit})" if unit else "")
    if int in (hint, *get_args(hint)) and isinstance(value, float) and value.is_integer():
        message += f"; write {value:.0f}"
    if (hint is bool and not isinstance(value, bool)) or value == "???" or is_dataclass(hint):
        raise ConfigurationError(message)
    if list_hint(hint) is not None and isinstance(value, str | int | float):
        message += f"; write {key}=[{echoed(value)}]"
    try:
        OmegaConf.update(config, key, value, merge=False, force_add=True)
    except (OmegaConfBaseException, ValueError, TypeError, OverflowError, RecursionError):
        raise ConfigurationError(message) from None


def list_hint(hint: Any) -> Any:
    """Return the list in the type of a field, as in ``list[str] | None``; None if it takes no list."""
    return next((part for part in (hint, *get_args(hint)) if get_origin(part) is list), None)


def type_words(hint: Any) -> str:
    """Describe the values that a field of this type may have."""
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(type_words(part) for part in get_args(hint) if part is not type(None)) + " or null"
    if get_origin(hint) is dict:
        return "a mapping {NAME: NUMBER, ...}" if get_args(hint)[1] is float else _MAPPING_OF_DRAWS
    if get_origin(hint) is list:
        inner = get_args(hint)[0]
        return "a list of lists of numbers" if get_origin(inner) is list else f"a list of {_TYPE_WORDS[inner][2:]}s"
    if is_dataclass(hint):
        return f"one value but a group of settings ({', '.join(f.name for f in fields(hint))})"
    return _TYPE_WORDS.get(hint, "a number or {distribution: NAME, ...}")
