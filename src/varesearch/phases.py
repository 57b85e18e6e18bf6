"""The time that each phase of a run takes."""

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class PhaseTime:
    """Wall and CPU seconds; CPU is this process's and that of the children it has waited for (compilers)."""

    wall_s: float
    cpu_s: float

    def __add__(self, other: "PhaseTime") -> "PhaseTime":
        return PhaseTime(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)

    def __sub__(self, other: "PhaseTime") -> "PhaseTime":
        return PhaseTime(self.wall_s - other.wall_s, self.cpu_s - other.cpu_s)


@dataclass
class Phases:
    """Phase name -> time spent, in the order in which they ended. A phase entered twice is added up.

    A phase that is entered inside another one does not count towards the outer one, so that the sum of all phases is
    the time that passed.
    """

    times: dict[str, PhaseTime] = field(default_factory=dict)
    _inner: list[PhaseTime] = field(default_factory=list, init=False, repr=False)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time that the block takes to the phase ``name``."""
        wall, cpu = time.perf_counter(), _cpu_seconds()
        self._inner.append(PhaseTime(0.0, 0.0))
        try:
            yield
        finally:
            spent, inner = PhaseTime(time.perf_counter() - wall, _cpu_seconds() - cpu), self._inner.pop()
            self.times[name] = self.times.get(name, PhaseTime(0.0, 0.0)) + spent - inner
            if self._inner:
                self._inner[-1] += spent

    @contextmanager
    def entering(self, name: str, manager: AbstractContextManager[T]) -> Iterator[T]:
        """Enter ``manager`` and yield its value. Only entering it is timed, not the block."""
        with ExitStack() as stack:
            with self.phase(name):
                entered = stack.enter_context(manager)
            yield entered


def _cpu_seconds() -> float:
    children = os.times()
    return time.process_time() + children.children_user + children.children_system
