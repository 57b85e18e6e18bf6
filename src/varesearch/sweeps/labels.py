"""Short labels for the values and keys of a sweep, for figures and tables with little space."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from varesearch.config.wording import written

LONGEST_LEVEL = 20
"""The most characters of a value's label; in longer labels the middle is left out."""
_DISTRIBUTION = re.compile(r"\{distribution: (\w+), (.+)\}")


def level_labels(levels: Sequence[Any], longest: int = LONGEST_LEVEL) -> list[str]:
    """A short and unique label for each value.

    Numbers get as many significant digits as are needed to distinguish them, but at least four; a distribution that is
    too long is shortened to its name and parameters; in other values that are too long the middle is left out.

    Parameters
    ----------
    levels
        The distinct values, as in :class:`varesearch.sweeps.factors.Factor`.
    longest
        The maximum number of characters of a label.

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
    # The values differ only in the middle, so they are numbered.
    return [f"{place}: {_without_middle(label, longest - 4)}" for place, label in enumerate(labels, start=1)]


def labels_by_text(values: Iterable[Any], longest: int = LONGEST_LEVEL) -> dict[str, str]:
    """Each value as written on the command line -> its label (see :func:`level_labels`); values may repeat.

    Examples
    --------
    >>> labels_by_text([0.02, 0.034567891, 0.02])
    {'0.02': '0.02', '0.034567891': '0.03457'}
    """
    levels = {written(value): value for value in values}
    return dict(zip(levels, level_labels(list(levels.values()), longest), strict=True))


def short_keys(keys: Sequence[str]) -> list[str]:
    """The shortest unambiguous ends of dotted keys.

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
