"""Short words for the values and keys of a sweep, where a figure or a table has little room."""

import re
from collections.abc import Sequence
from typing import Any

from varesearch.config.wording import written

LONGEST_LEVEL = 20
"""Characters of a value's label; longer ones lose their middle."""
_DISTRIBUTION = re.compile(r"\{distribution: (\w+), (.+)\}")


def level_labels(levels: Sequence[Any], longest: int = LONGEST_LEVEL) -> list[str]:
    """A label for each value, short, and different from all others.

    Numbers get as many significant digits as tell them apart, four at least; a distribution that is too long
    becomes its name and its parameters; other values lose their middle.

    Parameters
    ----------
    levels
        The distinct values, as :class:`varesearch.sweep.factors.Factor` has them.
    longest
        The most characters of a label.

    Returns
    -------
    list of str
        One label for each value, in the same order.

    Examples
    --------
    >>> level_labels([0.02, 0.034567891, 0.1])
    ['0.02', '0.03457', '0.1']
    >>> level_labels(["{distribution: lognormal, mean: 1, std: 0.5}", "thalamic_burst_of_another_kind"])
    ['lognormal(1, 0.5)', 'thalamic_b…ther_kind']
    """
    labels = [_shorter_distribution(written(level), longest) for level in levels]
    if all(isinstance(level, int | float) and not isinstance(level, bool) for level in levels):
        for digits in range(4, 18):
            rounded = [
                label if len(label) <= 7 else f"{level:.{digits}g}" for label, level in zip(labels, levels, strict=True)
            ]
            if len(set(rounded)) == len(set(labels)):
                return rounded
        return labels
    cut = [_without_middle(label, longest) for label in labels]
    if len(set(cut)) == len(set(labels)):
        return cut
    # Values that differ in their middle only: their numbers tell them apart.
    return [f"{place}: {_without_middle(label, longest - 4)}" for place, label in enumerate(labels, start=1)]


def short_keys(keys: Sequence[str]) -> list[str]:
    """The shortest ends of dotted keys that still differ from one another.

    Examples
    --------
    >>> short_keys(["cell.d", "connectivity.exc_to_exc.weight", "connectivity.inh_to_exc.weight"])
    ['d', 'exc_to_exc.weight', 'inh_to_exc.weight']
    """
    return [_shortest_end(key, keys) for key in keys]


def _shortest_end(key: str, keys: Sequence[str]) -> str:
    parts = key.split(".")
    ends = [".".join(parts[first:]) for first in range(len(parts) - 1, -1, -1)]
    others = [other for other in keys if other != key]
    return next((end for end in ends if not any(f".{other}".endswith(f".{end}") for other in others)), key)


def _shorter_distribution(text: str, longest: int) -> str:
    found = _DISTRIBUTION.fullmatch(text)
    if found is None or len(text) <= longest:
        return text
    return f"{found[1]}({', '.join(part.partition(': ')[2] for part in found[2].split(', '))})"


def _without_middle(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    head = longest // 2
    return f"{text[:head]}…{text[len(text) - (longest - head - 1) :]}"
