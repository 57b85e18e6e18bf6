"""How settings, values and numbers are written in messages and on pages."""

import math
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any


def written(value: Any) -> str:
    """Write a value as it is written on the command line."""
    if value == "":
        return "''"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_quoted(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(item) for item in value) + "]"
    return str(value)


def _quoted(item: Any) -> str:
    """Write a value within braces, where a text with spaces, brackets or commas needs quotes."""
    text = written(item)
    return f'"{text}"' if isinstance(item, str) and item and not re.fullmatch(r"[\w./+-]+", item) else text


_LONGEST_ECHO = 160
"""Longer values are hard to read in a message."""


def echoed(value: Any) -> str:
    """Write a value that the user gave for a message: as on the command line, and shortened if it is long."""
    return shortened(value if isinstance(value, str) and value else written(value), _LONGEST_ECHO)


def shortened(text: str, longest: int) -> str:
    """Return the text or, if it is longer than ``longest`` characters, its beginning and its length."""
    return text if len(text) <= longest else f"{text[: longest // 2]}… ({len(text):,} characters)"


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the most similar of ``names``, ignoring case; failing that, one that starts like it."""
    folded = {candidate.lower(): candidate for candidate in names}
    near = get_close_matches(name.lower(), folded, 1, cutoff=0.7)
    if not near and len(name) > 1:
        near = [it for it in folded if it.startswith(name.lower()) or (len(it) > 2 and name.lower().startswith(it))]
    return folded[near[0]] if near else ""


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return ``"; did you mean X?"`` with the most similar of ``names``, or ``""``."""
    near = nearest(name, names)
    return f"; did you mean {near}?" if near else ""


def number(value: float, digits: int = 4) -> str:
    """Write a number in a short form with ``digits`` significant digits, and NaN as a dash."""
    if math.isnan(value):
        return "–"
    if float(value).is_integer() or 1000 <= abs(value) < 1e9:
        return f"{value:,.0f}" if abs(value) < 1e9 else f"{value:.3g}"
    if abs(value) < 1e-3:
        return _scientific(value, 1)
    return f"{value:.{digits}g}"


def mean_and_sd(mean: float, sd: float) -> str:
    """Write ``32.81±0.52``: a spread of one or two digits, a mean with as many decimals; without a spread the mean."""
    if math.isnan(sd) or sd == 0:
        return number(mean) + ("" if math.isnan(sd) else "±0")
    if max(abs(mean), sd) < 1e-3:
        exponent = math.floor(math.log10(max(abs(mean), sd)))
        return f"({mean / 10**exponent:.1f}±{sd / 10**exponent:.1g})e{exponent}"
    digits = 1 if sd < 0.03 * abs(mean) else 2
    decimals = max(0, digits - 1 - math.floor(math.log10(sd)))
    if decimals > 4:
        return f"{number(mean)}±{_scientific(sd, 0)}"
    return f"{mean:,.{decimals}f}±{sd:.{decimals}f}"


def byte_size(n_bytes: float) -> str:
    """Write a number of bytes in the largest decimal unit in which it is at least 1."""
    size = float(n_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.3g} TB"


def _scientific(value: float, decimals: int) -> str:
    mantissa, exponent = f"{value:.{decimals}e}".split("e")
    return f"{mantissa}e{int(exponent)}"
