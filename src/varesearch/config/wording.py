"""How settings and values are spelled in messages and on pages."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any


def written(value: Any) -> str:
    """A value as it is written on the command line."""
    if value == "":
        return "''"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(item) for item in value) + "]"
    return str(value)


_LONGEST_ECHO = 160
"""Longer than any value that a person reads at a glance."""


def echoed(value: Any) -> str:
    """What a person gave, as a message repeats it: as it is written on the command line, cut if it is long."""
    return shortened(value if isinstance(value, str) and value else written(value), _LONGEST_ECHO)


def shortened(text: str, longest: int) -> str:
    """The text; of one longer than ``longest`` its beginning, and how long it is."""
    return text if len(text) <= longest else f"{text[: longest // 2]}… ({len(text):,} characters)"


def nearest(name: str, names: Iterable[str]) -> str:
    """The one of ``names`` spelled most like ``name``, case aside; else the first that begins it or that it begins."""
    folded = {candidate.lower(): candidate for candidate in names}
    near = get_close_matches(name.lower(), folded, 1, cutoff=0.7)
    if not near and len(name) > 1:
        near = [it for it in folded if it.startswith(name.lower()) or (len(it) > 2 and name.lower().startswith(it))]
    return folded[near[0]] if near else ""


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """``"; did you mean X?"`` for the nearest of ``names``, or nothing."""
    near = nearest(name, names)
    return f"; did you mean {near}?" if near else ""
