"""sPyNNaker's arithmetic in Python's integers: an independent reference for what the board computes.

All numbers are s16.15 (``accum``) in 32 bits that wrap; products keep the floor. Source: Hopkins and Furber 2015,
"Accuracy and efficiency in fixed-point neural ODE solvers", for the Izhikevich solver, and spike times that sPyNNaker
asserts for hardware.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

ONE = 1 << 15


def wrap(value: int) -> int:
    """To 32 bits, two's complement."""
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)


def accum(value: float) -> int:
    """Nearest s16.15."""
    return math.floor(value * ONE + 0.5)


def mul(a: int, b: int) -> int:
    """Product of two s16.15, floor."""
    return wrap(a * b >> 15)


@dataclass
class Izhikevich:
    """One cell, times in steps of 1 ms; mid-point rule with a longer first step after a spike."""

    v: int
    u: int
    i_offset: int
    a: int = accum(0.02)
    b: int = accum(0.2)
    c: int = accum(-65.0)
    d: int = accum(2.0)
    step: int = ONE
    spikes: list[int] = field(default_factory=list)

    def advance(self, tick: int, current: int = 0) -> None:
        """One tick with this synaptic current, s16.15."""
        v, u, h = self.v, self.u, self.step
        p = wrap(self.i_offset + current + 140 * ONE - u)
        alpha = wrap(mul(mul(v, 1311) + 5 * ONE, v) + p)
        eta = wrap(v + mul(mul(alpha, h), ONE // 2))
        ha = mul(h, self.a)
        beta = mul(mul(mul(v, self.b) - u, ha), ONE // 2)
        self.v = wrap(v + mul(wrap(p - beta + mul(mul(eta, 1311) + 5 * ONE, eta)), h))
        self.u = wrap(u + mul(wrap(mul(self.b, eta) - wrap(u + beta)), ha))
        self.step = ONE
        if self.v >= 30 * ONE:
            self.v = self.c
            self.u = wrap(self.u + self.d)
            self.step = mul(ONE, 60620)
            self.spikes.append(tick)


@dataclass
class LeakyIntegrator:
    """One LIF cell with exact decay of the membrane, steps of 1 ms."""

    v: int
    v_rest: int
    v_reset: int
    v_thresh: int
    resistance: int
    decay: int
    i_offset: int
    refractory_ticks: int
    waiting: int = 0
    spikes: list[int] = field(default_factory=list)

    def advance(self, tick: int, current: int = 0) -> None:
        """One tick with this synaptic current, s16.15."""
        if self.waiting > 0:
            self.waiting -= 1
        else:
            alpha = wrap(mul(wrap(current + self.i_offset), self.resistance) + self.v_rest)
            self.v = wrap(alpha - mul(self.decay, wrap(alpha - self.v)))
        if self.v >= self.v_thresh:
            self.v = self.v_reset
            self.waiting = self.refractory_ticks
            self.spikes.append(tick)
