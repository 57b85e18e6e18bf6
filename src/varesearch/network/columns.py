"""The values of the synapses of a projection in little memory: one column for each quantity.

A simulator keeps a copy of its own of every synapse, NEST 40 bytes and Brian2 28. Arrays of all sources, targets,
weights and delays would be another 20. What is kept here was chosen by measurement (``docs/explanation/memory.md``):

* the number of synapses of each source, since the pairs are sorted by source;
* targets and delays in the smallest type, usually one or two bytes;
* one number for weights or delays that are all the same;
* nothing for weights from a distribution. They are drawn again from their own random stream each time that they are
  asked for: for the hash, and for the simulator. That costs 10 to 20 ns for each synapse, less than to read them from a
  file, and a hundredth of what a simulator needs to connect them.

Targets and delays are kept from the first drawing until the simulator has them: to draw them a second time would take
as long as the first, to save 2 to 4 bytes beside the simulator's 28 to 47. Then they are forgotten, and drawn again if
somebody asks after all.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from varesearch.config.projection import PART, sources_in_parts

Parts = Iterator[NDArray[Any]]
"""Arrays of :data:`~varesearch.config.projection.PART` values each, but the last, which may be shorter."""


class Column(ABC):
    """One value for each synapse, in the order of the synapses; ``dtype`` is the type of the arrays that it gives."""

    dtype: np.dtype[Any]

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def parts(self, length: int = PART) -> Parts:
        """Yield the values, ``length`` of them at a time."""

    def whole(self) -> NDArray[Any]:
        """Return all values as one array."""
        values, first = np.empty(len(self), dtype=self.dtype), 0
        for part in self.parts():
            values[first : first + len(part)] = part
            first += len(part)
        return values

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the whole array."""
        return (len(self),)

    @property
    def one(self) -> Any:
        """The value that all synapses share; None if there is none."""
        found = None
        for part in self.parts():
            found = part[0].item() if found is None else found
            if (part != found).any():
                return None
        return found

    def bounds(self) -> tuple[Any, Any]:
        """Return the least and the greatest value; there must be one."""
        each = [(part.min().item(), part.max().item()) for part in self.parts()]
        return min(low for low, _ in each), max(high for _, high in each)

    def forget(self) -> None:  # noqa: B027 (most columns keep nothing that could be drawn again)
        """Free what can be drawn again."""

    @property
    def nbytes(self) -> int:
        """The memory that it keeps."""
        return 0


class Given(Column):
    """An array as it is."""

    def __init__(self, values: NDArray[Any]) -> None:
        self._values, self.dtype = values, values.dtype

    def __len__(self) -> int:
        return len(self._values)

    def parts(self, length: int = PART) -> Parts:
        return (self._values[first : first + length] for first in range(0, len(self), length))

    def whole(self) -> NDArray[Any]:
        return self._values

    @property
    def shape(self) -> tuple[int, ...]:
        return self._values.shape

    @property
    def nbytes(self) -> int:
        return self._values.nbytes


class Same(Column):
    """The same value for all."""

    def __init__(self, value: Any, size: int, dtype: DTypeLike) -> None:
        self._value, self._size, self.dtype = value, size, np.dtype(dtype)

    def __len__(self) -> int:
        return self._size

    def parts(self, length: int = PART) -> Parts:
        part = np.full(min(length, self._size), self._value, dtype=self.dtype)
        part.flags.writeable = False
        return (part[: self._size - first] for first in range(0, self._size, length))

    @property
    def one(self) -> Any:
        return self._value if self._size else None

    def bounds(self) -> tuple[Any, Any]:
        return self._value, self._value


class Sorted(Column):
    """The sources of the synapses, as the number of synapses of each of them."""

    dtype = np.dtype(np.int32)

    def __init__(self, out_degrees: NDArray[np.int32]) -> None:
        self._out_degrees = out_degrees
        self._size = int(out_degrees.sum(dtype=np.int64))

    def __len__(self) -> int:
        return self._size

    def parts(self, length: int = PART) -> Parts:
        return sources_in_parts(self._out_degrees, length)

    def whole(self) -> NDArray[np.int32]:
        return np.repeat(np.arange(len(self._out_degrees), dtype=np.int32), self._out_degrees)

    @property
    def nbytes(self) -> int:
        return self._out_degrees.nbytes


class Kept(Column):
    """Values that are kept in a smaller type than that of the arrays.

    Parameters
    ----------
    values
        The values in the smaller type.
    dtype
        The type of the arrays.
    again
        Draws the values once more; None: they are never forgotten.
    """

    def __init__(self, values: NDArray[Any], dtype: DTypeLike, again: Callable[[], NDArray[Any]] | None = None) -> None:
        self._size, self._again = len(values), again
        self._values: NDArray[Any] | None = values
        self.dtype = np.dtype(dtype)

    def __len__(self) -> int:
        return self._size

    def parts(self, length: int = PART) -> Parts:
        if self._values is None:
            assert self._again is not None
            self._values = self._again()
        values = self._values
        return (values[first : first + length].astype(self.dtype) for first in range(0, self._size, length))

    def forget(self) -> None:
        if self._again is not None:
            self._values = None

    @property
    def nbytes(self) -> int:
        return 0 if self._values is None else self._values.nbytes


class Drawn(Column):
    """Values that are drawn each time that they are asked for, by ``draw(length)`` in parts of that length."""

    def __init__(self, size: int, dtype: DTypeLike, draw: Callable[[int], Parts]) -> None:
        self._size, self.dtype, self._draw = size, np.dtype(dtype), draw

    def __len__(self) -> int:
        return self._size

    def parts(self, length: int = PART) -> Parts:
        return self._draw(length)


class Repeated(Column):
    """A column several times over, each time with its values changed."""

    def __init__(
        self, column: Column, changes: Sequence[Callable[[NDArray[Any]], NDArray[Any]]], dtype: DTypeLike
    ) -> None:
        self._column, self._changes, self.dtype = column, changes, np.dtype(dtype)

    def __len__(self) -> int:
        return len(self._column) * len(self._changes)

    def parts(self, length: int = PART) -> Parts:
        rest = np.empty(0, dtype=self.dtype)
        for change in self._changes:
            for part in self._column.parts(length):
                rest = np.concatenate([rest, change(part).astype(self.dtype, copy=False)])
                while len(rest) >= length:
                    yield rest[:length]
                    rest = rest[length:]
        if len(rest):
            yield rest

    def forget(self) -> None:
        self._column.forget()

    @property
    def nbytes(self) -> int:
        return self._column.nbytes


def compact(values: NDArray[Any]) -> Column:
    """Return a column of the values of an array that need not be kept itself; numbers and types stay the same.

    Examples
    --------
    >>> column = compact(np.array([300, 2, 7], dtype=np.int32))
    >>> column.nbytes, column.whole()
    (6, array([300,   2,   7], dtype=int32))
    """
    given = Given(values)
    one = given.one
    # 0.0 and -0.0 are equal, but not the same bytes, which the hash is of.
    if one is not None and not (one == 0.0 and np.signbit(values).any()):
        return Same(one, len(values), values.dtype)
    if not len(values) or not np.issubdtype(values.dtype, np.integer):
        return given
    low, high = given.bounds()
    smallest = np.promote_types(np.min_scalar_type(low), np.min_scalar_type(high))
    return Kept(values.astype(smallest), values.dtype) if smallest.itemsize < values.dtype.itemsize else given
