"""How long each phase of a run took."""

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


@dataclass
class Phases:
    """Phase name -> time spent, in the order in which they ended. A phase entered twice is added up."""

    times: dict[str, PhaseTime] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        wall, cpu = time.perf_counter(), _cpu_seconds()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - wall, _cpu_seconds() - cpu)

    @contextmanager
    def entering(self, name: str, manager: AbstractContextManager[T]) -> Iterator[T]:
        """Enter ``manager``, timing what entering it takes, and leave it untimed."""
        with ExitStack() as stack:
            with self.phase(name):
                entered = stack.enter_context(manager)
            yield entered

    def add(self, name: str, wall_s: float, cpu_s: float) -> None:
        """Add a time measured elsewhere."""
        before = self.times.get(name, PhaseTime(0.0, 0.0))
        self.times[name] = PhaseTime(before.wall_s + wall_s, before.cpu_s + cpu_s)


def _cpu_seconds() -> float:
    children = os.times()
    return time.process_time() + children.children_user + children.children_system
