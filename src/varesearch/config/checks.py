"""Checks of single settings. Each raises ConfigurationError, one line, if the value is not allowed."""

import math
from collections.abc import Collection, Sequence
from typing import Any, NoReturn

from varesearch.config.errors import ConfigurationError
from varesearch.config.ranges import INT32, Range
from varesearch.config.values import Constant, Value
from varesearch.config.wording import did_you_mean, echoed, written

LARGEST = 1e15
"""Beyond any quantity of the field, and small enough for sums and squares to stay finite."""

MOST_DELAY_STEPS = 100_000
"""Simulators keep a slot for each step of the longest delay."""

_LONGEST_NAME = 40

_NEVER_DRAWN = 1e-15
"""A probability so small that no network has a synapse of this kind."""


def refuse(setting: str, value: Any, why: str) -> NoReturn:
    """Raise ConfigurationError: the setting, its value, and ``why``, which says what is allowed and how to mend it."""
    raise ConfigurationError(f"{setting}={echoed(value)} {why}")


def check_number(setting: str, value: float) -> None:
    """Neither NaN nor infinite nor absurd."""
    if not (math.isfinite(value) and abs(value) <= LARGEST):
        refuse(setting, value, f"must be a finite number of a magnitude up to {LARGEST:g}")


def check_bounds(setting: str, value: float, bounds: Range, unit: str = "") -> None:
    """The value lies in the range that can be computed with or stored."""
    if bounds.holds(value):
        return
    if isinstance(value, float) and value <= 0 < bounds.low:
        check_positive(setting, value, unit)
    if bounds.high in (INT32.high, math.inf):
        check_at_least(setting, value, bounds.low, unit)
    refuse(setting, value, f"must be from {bounds.low} to {bounds.high} {unit}".rstrip())


def check_reach(setting: str, value: Value, bounds: Range, unit: str = "") -> None:
    """All that can be drawn lies in the range that can be computed with, and is no absurd number."""
    low, high = value.reach
    for end, limit, way, mend in (
        (low, max(bounds.low, -LARGEST), "fall below", "low"),
        (high, min(bounds.high, LARGEST), "exceed", "high"),
    ):
        if (end < limit) if mend == "low" else (end > limit):
            give = f"give it {mend}: {limit:g}" if value.has_tail else f"give it a {mend} of {limit:g}"
            more = "more" if mend == "low" else "less"
            refuse(setting, value, f"can {way} {limit:g} {unit}".rstrip() + f"; {give} or {more}")


def check_positive(setting: str, value: float, unit: str = "") -> None:
    """Greater than zero."""
    if not value > 0:
        refuse(setting, value, f"must be greater than 0{' ' + unit if unit else ''}")


def check_at_least(setting: str, value: float, least: float, unit: str = "") -> None:
    """``least`` or more."""
    if not value >= least:
        refuse(setting, value, f"must be at least {least:g} {unit}".rstrip())


def check_probability(setting: str, value: float) -> None:
    """From 0 to 1."""
    if not 0 <= value <= 1:
        hint = f"; for {value:g} % write {value / 100:g}" if 1 < value <= 100 else ""
        refuse(setting, value, f"must be a probability, from 0 to 1{hint}")


def check_choice(setting: str, value: str, choices: Sequence[str]) -> None:
    """One of ``choices``."""
    if value not in choices:
        refuse(setting, value, f"is unknown; choose one of {', '.join(choices)}{did_you_mean(str(value), choices)}")


def check_names(setting: str, values: Sequence[str], allowed: Sequence[str]) -> None:
    """Each one of ``allowed``, none twice."""
    for value in values:
        if value not in allowed:
            hint = did_you_mean(value, allowed)
            refuse(setting, values, f"holds {value}, which is unknown; choose from {', '.join(allowed)}{hint}")
        if values.count(value) > 1:
            refuse(setting, values, f"names {value} twice; name it once")


def whole_steps(time_ms: float, dt_ms: float) -> int | None:
    """How many steps of ``dt_ms`` make ``time_ms``; None if it is not a multiple, rounding errors aside."""
    exact = time_ms / dt_ms
    if not math.isfinite(exact):
        return None
    steps = round(exact)
    # What is written in decimals is off by some 1e-16 of itself; above 1e6 steps the grid of recordings takes 1e-3.
    return steps if abs(exact - steps) <= min(1e-9 * max(1.0, abs(exact)), 1e-3) else None


def check_multiple(setting: str, time_ms: float, dt_ms: float) -> None:
    """On the grid of time steps."""
    if whole_steps(time_ms, dt_ms) is None:
        steps = math.floor(time_ms / dt_ms)
        below, above = steps * dt_ms, (steps + 1) * dt_ms
        near = f"{above:.12g}" if below <= 0 else f"{below:.12g} or {above:.12g}"
        refuse(setting, time_ms, f"must be a multiple of simulation.dt_ms={dt_ms:g}; write {near}")


def check_few_steps(setting: str, time_ms: float, dt_ms: float) -> None:
    """Simulators can count the steps in 32 bits."""
    if time_ms / dt_ms > INT32.high:
        refuse(setting, time_ms, f"is {time_ms / dt_ms:.3g} steps, more than {INT32.high:g}; shorten it")


def check_delay(setting: str, delay: Value, dt_ms: float) -> None:
    """A number: a multiple of the step, at least one. A distribution: nowhere below one step (draws are rounded)."""
    if isinstance(delay, Constant):
        if delay.number < dt_ms and whole_steps(delay.number, dt_ms) != 1:
            refuse(setting, delay, f"must be at least one step, simulation.dt_ms={dt_ms:g}")
        check_multiple(setting, delay.number, dt_ms)
    elif delay.lower < dt_ms:
        mend = f"low: {dt_ms:g}" if delay.has_tail else f"low of {dt_ms:g} or more"
        refuse(setting, delay, f"can fall below one step; give it {mend} (simulation.dt_ms={dt_ms:g})")
    longest = MOST_DELAY_STEPS * dt_ms
    if delay.above(longest) > _NEVER_DRAWN:
        what, mend = ("can be", f"give it a high of {longest:g} or less") if delay.has_tail else ("is", "shorten it")
        refuse(setting, delay, f"{what} longer than {MOST_DELAY_STEPS} steps ({longest:g} ms); {mend}")


def check_weight(setting: str, weight: Value) -> None:
    """A magnitude: nowhere negative, whichever the receptor."""
    if weight.lower >= 0:
        return
    if isinstance(weight, Constant):
        what, mend = "must not", f"write {written(-weight.number)}"
    else:
        what, mend = "can", "give it low: 0" if weight.has_tail else "give it a low of 0 or more"
    refuse(setting, weight, f"{what} be negative: weights are magnitudes, the projection gives the sign; {mend}")


def check_name(setting: str, name: str) -> None:
    """A name that every simulator and table can use."""
    if not (name.isascii() and name.isidentifier() and name[0] != "_" and len(name) <= _LONGEST_NAME):
        raise ConfigurationError(
            f"{setting}: the name must be 1 to {_LONGEST_NAME} letters, digits and _, beginning with a letter"
        )


def check_population(setting: str, given: Any, name: str, populations: Collection[str]) -> None:
    """``name``, which the value ``given`` holds, is a population."""
    if name not in populations:
        hint = did_you_mean(name, populations)
        refuse(setting, given, f"names {name}, which is no population; choose from {', '.join(populations)}{hint}")
