"""Settings as plain data (numbers, texts, lists and dicts), in which form they are written, stored and compared."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from varesearch.config.errors import ConfigurationError
from varesearch.config.values import DISTRIBUTIONS, NAME, Constant, Distribution, Value
from varesearch.config.wording import did_you_mean, echoed

_LEAST_ACCEPTED = 0.01
"""A truncation that keeps a smaller part of the distribution is probably a mistake, and would be slow to draw."""

_LARGEST = 1e15
"""Larger than any quantity in neuroscience, and small enough for sums and squares to stay finite."""


def is_distribution(plain: Any) -> bool:
    """Return whether plain settings (a mapping, or a node of OmegaConf) are a distribution and so a single value."""
    return isinstance(plain, Mapping) and NAME in plain


def distribution_name(plain: Mapping[str, Any]) -> str:
    """Return the name of the law in plain settings for which :func:`is_distribution` is true."""
    return str(plain[NAME])


def parameters_of(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters in plain settings for which :func:`is_distribution` is true."""
    return {str(key): value for key, value in plain.items() if key != NAME}


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
        key: _number(value, f"{setting}.{key}") for key, value in parameters_of(plain).items() if value is not None
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


def _law(name: Any, setting: str) -> type[Distribution]:
    if isinstance(name, str) and name in DISTRIBUTIONS:
        return DISTRIBUTIONS[name]
    hint = did_you_mean(name, DISTRIBUTIONS) if isinstance(name, str) else ""
    what = f"{setting} names no distribution" if name is None else f"{setting}.{NAME}={echoed(name)} is unknown"
    raise ConfigurationError(
        f"{what}; write a number or {{distribution: NAME, ...}} with one of {', '.join(DISTRIBUTIONS)}{hint}"
    )


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
    """Yield the full name and the value of every single setting in nested plain settings; a distribution is one value.

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
    return isinstance(plain, Mapping) and not is_distribution(plain)


def is_nested(settings: Any) -> bool:
    """Return whether typed settings hold settings of their own, and are not a single value."""
    return is_dataclass(settings) and not isinstance(settings, Value | type)


def as_plain(settings: Any) -> Any:
    """Return typed settings (a dataclass, or a value in it) as plain data; the opposite of composing them."""
    if isinstance(settings, Value):
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
