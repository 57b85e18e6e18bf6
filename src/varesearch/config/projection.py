"""A projection as it is configured: its populations, and every setting with the key that gives it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from varesearch.config.values import Value

if TYPE_CHECKING:
    from varesearch.config.rule import Rule
    from varesearch.config.synapse_type import SynapseType

Receptor = Literal["excitatory", "inhibitory"]
RECEPTORS: tuple[Receptor, ...] = get_args(Receptor)

Pairs = tuple[NDArray[np.int32], NDArray[np.int32]]
"""Sources and targets: two int32 arrays of shape (synapses,), sorted by source, then target.

A pair may be repeated (multapses): each time it is a synapse of its own, with a weight and a delay of its own.
"""


PART = 250_000
"""How many synapses are looked at together where all of them at once would take too much memory."""


@dataclass(frozen=True)
class Rows:
    """Pairs of cells in little memory: a rule for large networks returns them instead of :data:`Pairs`.

    Since the pairs are sorted by source, it is sufficient to know how many each source has.

    Attributes
    ----------
    out_degrees
        The number of synapses of each source, int32 of shape (sources,).
    targets
        The target of each synapse, in the order of :data:`Pairs`, in the smallest type that holds them all (see
        :func:`index_type`).

    Examples
    --------
    >>> rows = Rows(np.array([1, 0, 2], dtype=np.int32), np.array([3, 0, 4], dtype=np.uint8))
    >>> rows.pairs
    (array([0, 2, 2], dtype=int32), array([3, 0, 4], dtype=int32))
    """

    out_degrees: NDArray[np.int32]
    targets: NDArray[np.integer]

    @property
    def pairs(self) -> Pairs:
        """All pairs as arrays."""
        sources = np.repeat(np.arange(len(self.out_degrees), dtype=np.int32), self.out_degrees)
        return sources, self.targets.astype(np.int32)


def index_type(size: int) -> np.dtype[np.unsignedinteger]:
    """Return the smallest type that holds the indices of ``size`` cells.

    Examples
    --------
    >>> index_type(256), index_type(257)
    (dtype('uint8'), dtype('uint16'))
    """
    return np.min_scalar_type(max(size - 1, 0))


def sources_in_parts(out_degrees: NDArray[np.integer], length: int) -> Iterator[NDArray[np.int32]]:
    """Yield the source of each synapse, ``length`` synapses at a time, from the number of synapses of each source."""
    ends = np.cumsum(out_degrees, dtype=np.int64)
    size = int(ends[-1]) if len(ends) else 0
    for first in range(0, size, length):
        last = min(first + length, size)
        low, high = np.searchsorted(ends, [first, last], side="right")
        here = np.arange(low, min(high + 1, len(ends)), dtype=np.int32)
        begun = np.maximum(ends[here] - out_degrees[here], first)
        yield np.repeat(here, np.minimum(ends[here], last) - np.minimum(begun, last))


@dataclass(frozen=True)
class Synapses:
    """Pairs of cells with weights and delays of their own, where a rule does not leave these to the settings.

    Attributes
    ----------
    sources, targets
        As in :data:`Pairs`.
    weights
        float64 of shape (synapses,), not negative, in the unit of the target's cell; None: as the settings say.
    delays_ms
        float64 of shape (synapses,), at least one step; None: as the settings say.
    """

    sources: NDArray[np.int32]
    targets: NDArray[np.int32]
    weights: NDArray[np.float64] | None = None
    delays_ms: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Given:
    """The value of a setting, and the key in the configuration that gives it; ``is_file``: whether it names a file."""

    key: str
    value: Any
    is_file: bool = False


@dataclass(frozen=True)
class ProjectionSettings:
    """The settings of a projection, before its synapses are drawn.

    Attributes
    ----------
    name, pre, post
        Its name, the population or spike source that it comes from, and the population that it goes to.
    pre_size, post_size
        The number of cells of each.
    receptor
        ``"excitatory"`` or ``"inhibitory"``.
    given
        ``weight`` and ``delay_ms``, and what the wiring rule or the stimulus adds.
    rule
        The wiring rule that draws it; None for those of a stimulus, which draws them itself.
    no_self
        Whether no cell may connect to itself.
    where
        The name of its rule's settings in the configuration.
    synapse, synapse_where
        Its synapses, all settings filled in, and the name of their settings in the configuration; None: static ones.
    pre_mm, post_mm
        Positions of the cells in mm, of shape (cells, 2), while a rule that uses them draws; else None.

    Examples
    --------
    >>> from varesearch.config.compose import compose
    >>> structure = compose(["connectivity.inh_to_exc.p=0.1"]).config.structure
    >>> for projection in structure.projections:
    ...     print(projection.name, projection["p"], projection.key("p"))
    exc_to_exc 0.02 connectivity.p
    exc_to_inh 0.02 connectivity.p
    inh_to_exc 0.1 connectivity.inh_to_exc.p
    inh_to_inh 0.02 connectivity.p
    """

    name: str
    pre: str
    post: str
    pre_size: int
    post_size: int
    receptor: Receptor
    given: Mapping[str, Given]
    rule: "Rule" = None  # type: ignore[assignment]
    no_self: bool = False
    where: str = "connectivity"
    synapse: "SynapseType | None" = None
    synapse_where: str = "synapse"
    pre_mm: NDArray[np.float64] | None = None
    post_mm: NDArray[np.float64] | None = None

    def __getitem__(self, setting: str) -> Any:
        """Return the value of a setting, such as ``projection["p"]``."""
        return self.given[setting].value

    def key(self, setting: str) -> str:
        """Return the key that gives a setting: ``connectivity.exc_to_inh.p``, or ``connectivity.p`` for all of them."""
        return self.given[setting].key

    @property
    def weight(self) -> Value:
        """The weight of its synapses, in the unit of the cells of ``post``."""
        return self["weight"]

    @property
    def delay_ms(self) -> Value:
        """The delay of its synapses in ms."""
        return self["delay_ms"]

    def acting(self, setting: str) -> Given:
        """Return what gives its synapses their ``weight`` or ``delay_ms``: the setting, or a list of its rule."""
        listed = {} if self.rule is None else self.rule.listed(self)
        return listed.get(setting, self.given[setting])

    @property
    def possible_pairs(self) -> int:
        """The number of different pairs of cells."""
        return self.pre_size * self.post_size - (self.pre_size if self.no_self else 0)


def pair_ratio(full: ProjectionSettings, scaled: ProjectionSettings) -> float:
    """Return how many times as many pairs of cells there are for a target in one projection as in another.

    A probability that is multiplied by it gives the cells of ``scaled`` the mean in-degree that those of ``full`` have.
    """
    per_target = scaled.possible_pairs / scaled.post_size
    return full.possible_pairs / full.post_size / per_target if per_target else 0.0
