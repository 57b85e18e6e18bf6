"""Settings as plain data (numbers, texts, lists and dicts), in which form they are written, stored and compared."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from varesearch.config.errors import ConfigurationError
from varesearch.config.expressions import KEY, Expression
from varesearch.config.laws import DISTRIBUTIONS
from varesearch.config.values import NAME, Constant, Distribution, Value
from varesearch.config.wording import did_you_mean, echoed

_LEAST_ACCEPTED = 0.01
"""A truncation that keeps a smaller part of the distribution is probably a mistake, and would be slow to draw."""

_LARGEST = 1e15
"""Larger than any quantity in neuroscience, and small enough for sums and squares to stay finite."""


def is_one_value(plain: Any) -> bool:
    """Return whether plain settings (a mapping, or a node of OmegaConf) are a distribution or an expression."""
    return isinstance(plain, Mapping) and (NAME in plain or KEY in plain)


def kind_of(plain: Mapping[str, Any]) -> str:
    """Return what plain settings for which :func:`is_one_value` is true are, for messages."""
    return f"the {plain[NAME]} distribution" if NAME in plain else "an expression"


def shown_value(plain: Mapping[str, Any], shown: Callable[[Any], str]) -> str:
    """Write plain settings for which :func:`is_one_value` is true in a short form: ``uniform(low=1, high=2)``."""
    if KEY in plain:
        return str(plain[KEY])
    parameters = ", ".join(f"{key}={shown(value)}" for key, value in plain.items() if key != NAME)
    return f"{plain[NAME]}({parameters})"


def parse_value(plain: Any, setting: str) -> Value:
    """Read a number or ``{distribution: NAME, ...}``.

    Parameters
    ----------
    plain
        The value as it is written in the configuration.
    setting
        The full name of the setting, for the message.

    Returns
    -------
    Value
        A :class:`Constant` or a :class:`Distribution`.

    Raises
    ------
    ConfigurationError
        It is not a number; the distribution or a parameter is unknown; a parameter is missing or not finite; ``low`` is
        not less than ``high``; the spread is not positive; or the truncation leaves almost nothing.

    Examples
    --------
    >>> parse_value(2, "connectivity.delay_ms")
    Constant(number=2.0)
    >>> parse_value({"distribution": "uniform", "low": 1, "high": 5}, "connectivity.delay_ms")
    Uniform(low=1.0, high=5.0)
    """
    if not isinstance(plain, Mapping):
        return Constant(_number(plain, setting))
    if KEY in plain:
        raise ConfigurationError(
            f"{setting}={echoed(plain)}: only parameters and initial values of cells are given by an expression; write "
            "a number or {distribution: NAME, ...}"
        )
    law = _law(plain.get(NAME), setting)
    required, optional = law.parameters(), law.optional
    takes = f"{law.name} takes {' and '.join(required)}" + (", optionally low and high" if optional else "")
    for key in plain:
        if key not in (NAME, *required, *optional):
            raise ConfigurationError(f"{setting}.{key} is unknown: {takes}")
    for key in required:
        if plain.get(key) is None:
            raise ConfigurationError(f"{setting}.{key} is missing: {takes}")
    numbers = {
        str(key): _number(value, f"{setting}.{key}")
        for key, value in plain.items()
        if key != NAME and value is not None
    }
    drawn = law(**numbers)
    if drawn.low >= drawn.high:
        raise ConfigurationError(f"{setting}: low={drawn.low:g} must be less than high={drawn.high:g}")
    if wrong := drawn.problem():
        raise ConfigurationError(f"{setting}{wrong}")
    if drawn.accepted < _LEAST_ACCEPTED:
        raise ConfigurationError(
            f"{setting}: low={drawn.low:g}, high={drawn.high:g} keep less than {_LEAST_ACCEPTED:.0%} of the {law.name} "
            "distribution; widen them or move its mean"
        )
    return drawn


def parse_value_or_expression(plain: Any, setting: str) -> Value | Expression:
    """Read a number, ``{distribution: NAME, ...}`` or ``{expression: TEXT}``.

    Raises ConfigurationError as :func:`parse_value` does, and for a text that is no expression.
    """
    if not (isinstance(plain, Mapping) and KEY in plain):
        return parse_value(plain, setting)
    if len(plain) > 1:
        others = ", ".join(str(key) for key in plain if key != KEY)
        raise ConfigurationError(f"{setting}: an {KEY} stands alone; leave out {others}, or leave out the {KEY}")
    text = plain[KEY]
    if isinstance(text, int | float) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str):
        raise ConfigurationError(f'{setting}.{KEY}={echoed(text)} is not a text; write {{{KEY}: "TEXT"}}')
    return Expression(text, setting)


def _law(name: Any, setting: str) -> type[Distribution]:
    if isinstance(name, str) and name in DISTRIBUTIONS:
        return DISTRIBUTIONS[name]
    hint = did_you_mean(name, DISTRIBUTIONS) if isinstance(name, str) else ""
    what = f"{setting} names no distribution" if name is None else f"{setting}.{NAME}={echoed(name)} is unknown"
    raise ConfigurationError(
        f"{what}; write a number or {{distribution: NAME, ...}} with one of {', '.join(DISTRIBUTIONS)}{hint}"
    )


def as_number(plain: Any) -> float | None:
    """Return a number, or the text of one, as OmegaConf reads it for a ``float``; None for anything else."""
    if isinstance(plain, bool) or not isinstance(plain, int | float | str):
        return None
    try:
        return float(plain)
    except (ValueError, OverflowError):
        return None


def _number(value: Any, setting: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigurationError(
            f"{setting}={echoed(value)} is not a number: write a number or {{distribution: NAME, ...}}"
        )
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or abs(number) > _LARGEST:
        raise ConfigurationError(f"{setting}={echoed(value)} must be finite and of a magnitude up to {_LARGEST:g}")
    return number


def single_settings(plain: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the full name and the value of every single setting in nested plain settings.

    A distribution or an expression is one value.

    Examples
    --------
    >>> dict(single_settings({"seed": 1, "cell": {"a": 0.02, "v_init": {"distribution": "exponential", "mean": 1}}}))
    {'seed': 1, 'cell.a': 0.02, 'cell.v_init': {'distribution': 'exponential', 'mean': 1}}
    """
    for key, value in plain.items():
        name = f"{prefix}{key}"
        if is_group(value):
            yield from single_settings(value, f"{name}.")
        else:
            yield name, value


def is_group(plain: Any) -> bool:
    """Return whether a part of plain settings holds settings of its own, and is not a single value."""
    return isinstance(plain, Mapping) and not is_one_value(plain)


def is_nested(settings: Any) -> bool:
    """Return whether typed settings hold settings of their own, and are not a single value."""
    return is_dataclass(settings) and not isinstance(settings, Value | type)


def as_plain(settings: Any) -> Any:
    """Return typed settings (a dataclass, or a value in it) as plain data; the opposite of composing them."""
    if isinstance(settings, Value | Expression):
        return settings.plain
    if is_nested(settings):
        return {each.name: as_plain(getattr(settings, each.name)) for each in fields(settings)}
    if isinstance(settings, list | tuple):
        return [as_plain(each) for each in settings]
    if isinstance(settings, Mapping):
        return {key: as_plain(each) for key, each in settings.items()}
    return settings


def is_reference(plain: Any) -> bool:
    """Return whether a setting takes its value from others (``${cell.weight_exc}``) and is not resolved yet."""
    return isinstance(plain, str) and plain.startswith("${")
