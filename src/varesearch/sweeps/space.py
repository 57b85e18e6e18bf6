"""The space of a sweep: the words of the command, in Hydra's sweep grammar, as fixed words and dimensions.

The grammar is Hydra's own ("Extended override grammar" of its manual): ``a,b``, ``choice(a,b)``, ``range(5)``,
``glob(if_*)`` for the options of a group, and ``interval(0.01,0.1)``, which only a search can take.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count, islice, product
from typing import get_args, get_type_hints

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Glob, IntervalSweep, Override, RangeSweep, ValueType

from varesearch.config.errors import ConfigurationError
from varesearch.config.launching import NOT_SCIENCE
from varesearch.config.options import Option
from varesearch.config.overrides import check_quoting, read_word
from varesearch.config.schema import Config
from varesearch.config.wording import echoed

MOST_POINTS = 100_000
"""More combinations than this are more likely a slip of the keyboard."""


@dataclass(frozen=True)
class Dimension:
    """One key (or group) and the values it takes, written as for a single run.

    ``values`` are in the order of the command; for an interval (``interval(0.01, 0.1)``) they are empty and ``bounds``
    are its ends. ``ordered`` says that the values came from ``range``. ``whole``: only whole numbers (an interval of
    two ints, which only a search can take). ``logarithmic``: an interval that is searched by ratios, as
    ``tag(log, interval(1, 100))`` says it.
    """

    key: str
    values: tuple[str, ...] = ()
    bounds: tuple[float, float] | None = None
    ordered: bool = False
    whole: bool = False
    logarithmic: bool = False


@dataclass(frozen=True)
class Space:
    """What the words of a command span.

    ``words`` are those of the command, as given; ``fixed`` are those with one value, ``dimensions`` the others.
    """

    words: tuple[str, ...]
    fixed: tuple[str, ...]
    dimensions: tuple[Dimension, ...]

    def points(self) -> Iterator[tuple[str, ...]]:
        """The words of every combination: the last dimension varies fastest. For dimensions without bounds."""
        for values in product(*(dimension.values for dimension in self.dimensions)):
            yield self.point(dict(zip((d.key for d in self.dimensions), values, strict=True)))

    def point(self, values: dict[str, str]) -> tuple[str, ...]:
        """The words of one combination, key -> value as written."""
        return (*self.fixed, *(f"{key}={value}" for key, value in values.items()))

    def first(self) -> tuple[str, ...]:
        """The words of one point, of first values and lower ends, from which the shared settings can be read."""
        values = {d.key: d.values[0] if d.bounds is None else f"{d.bounds[0]:g}" for d in self.dimensions}
        return self.point(values)

    def typed(self, config: Config) -> "Space":
        """The same space with whole numbers only in intervals of integer settings; ``config`` is that of any point."""
        return replace(
            self,
            dimensions=tuple(
                replace(d, whole=d.whole or (d.bounds is not None and _is_whole(config, d.key)))
                for d in self.dimensions
            ),
        )


def read_space(words: Sequence[str], options: Mapping[str, Mapping[str, Option]]) -> Space:
    """Read the space that the words of a command span.

    Parameters
    ----------
    words
        ``KEY=VALUES`` each.
    options
        Group -> name -> option.

    Raises
    ------
    ConfigurationError
        A word cannot be read, a key or a value is given twice, a setting that is not part of the science has several
        values, or there are too many combinations.

    Examples
    --------
    >>> space = read_space(["seed=range(1,3)", "connectivity.p=0.02,0.05", "connectivity.n=100"], {})
    >>> list(space.points())[0]
    ('connectivity.n=100', 'seed=1', 'connectivity.p=0.02')
    >>> len(list(space.points()))
    4
    """
    parser = OverridesParser.create()
    fixed: list[str] = []
    dimensions: list[Dimension] = []
    seen: set[str] = set()
    check_quoting(words)
    for word in words:
        override = read_word(word, parser, options)
        key = override.key_or_group
        if key in seen:
            raise ConfigurationError(f"{echoed(word)}: {key} is given twice; give it once")
        seen.add(key)
        if override.is_sweep_override():
            dimensions.append(_dimension(word, override, options))
        else:
            fixed.append(word)
    size = math.prod(len(dimension.values) for dimension in dimensions if dimension.bounds is None)
    if size > MOST_POINTS:
        raise ConfigurationError(f"the sweep has {size:,} combinations, more than {MOST_POINTS:,}; take fewer values")
    return Space(tuple(words), tuple(fixed), tuple(dimensions))


def _dimension(word: str, override: Override, options: Mapping[str, Mapping[str, Option]]) -> Dimension:
    key, value = override.key_or_group, override.value()
    if key.split(".")[0] in NOT_SCIENCE:
        raise ConfigurationError(f"{echoed(word)}: {key} is the same for a whole sweep; give it one value")
    if isinstance(value, ChoiceSweep | RangeSweep) and value.shuffle:
        raise ConfigurationError(f"{echoed(word)}: the runs keep the order of the words; leave out shuffle")
    if isinstance(value, IntervalSweep):
        low, high = value.start, value.end
        if low is None or high is None or not low < high:
            raise ConfigurationError(f"{echoed(word)}: an interval goes from less to more; write interval(LOW,HIGH)")
        whole = isinstance(low, int) and isinstance(high, int)
        return Dimension(key, bounds=(low, high), whole=whole, logarithmic="log" in value.tags)
    if isinstance(value, Glob):
        if key not in options:
            raise ConfigurationError(
                f"{echoed(word)}: glob chooses among the options of a group, which {key} is not; list the values"
            )
        values = value.filter(sorted(options[key]))
        if not values:
            raise ConfigurationError(
                f"{echoed(word)}: fits no option of {key}; it has {', '.join(sorted(options[key]))}"
            )
    elif isinstance(value, RangeSweep):
        values = list(islice(_range(value), MOST_POINTS + 1))
    else:
        values = list(islice(override.sweep_string_iterator(), MOST_POINTS + 1))
    if not values:
        raise ConfigurationError(f"{echoed(word)}: holds no value; a range goes from START to before STOP")
    twice = [value for value, times in Counter(values).items() if times > 1]
    if twice:
        raise ConfigurationError(f"{echoed(word)}: names {echoed(twice[0])} twice; name it once")
    return Dimension(key, tuple(values), ordered=override.value_type == ValueType.RANGE_SWEEP)


def _range(swept: RangeSweep) -> Iterator[str]:
    """From start to before stop, in decimals: added up in binary, 0.1 + 0.2 would be another setting than 0.3."""
    start, stop, step = (Decimal(str(number)) for number in (swept.start, swept.stop, swept.step))
    whole = all(isinstance(number, int) for number in (swept.start, swept.step))
    for index in count():
        value = start + index * step
        if (value >= stop) if step > 0 else (value <= stop):
            return
        yield str(int(value)) if whole else repr(float(value))


def _is_whole(config: Config, key: str) -> bool:
    node: object = config
    *parents, last = key.split(".")
    for name in parents:
        node = getattr(node, name, None)
    hint = get_type_hints(type(node)).get(last)
    return hint is int or int in get_args(hint)
