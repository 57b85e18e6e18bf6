"""sPyNNaker's arithmetic of synapses that learn, in integers, from its C sources (``neuron/plasticity/stdp``).

Traces, tables and factors are in steps of 2^-11, weights in s16.15 while a row is processed and in 16 bits in between;
every quotient is rounded down. A row is processed when its source fires: first the target's spikes since the source's
last one, then the source's spike.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

ONE = 1 << 11


def table(tau_ms: float, dt_ms: float, shift: int = 0) -> Callable[[int], int]:
    """The decay after a number of steps; 0 beyond the end of the table."""
    size = math.ceil(math.log(ONE) * tau_ms / dt_ms / (1 << shift) / 2) * 2
    values = [math.floor(math.exp(-(step << shift) * dt_ms / tau_ms) * ONE) for step in range(size)]
    return lambda steps: values[steps >> shift] if steps >> shift < size else 0


def s1615(value: float) -> int:
    """To the nearest step of 2^-15."""
    return round(value * 32768)


def times(one: int, other: int) -> int:
    """A product with a number in steps of 2^-11."""
    return (one * other) >> 11


@dataclass
class Trace:
    """A sum of decaying exponentials, one for each spike."""

    decay: Callable[[int], int]
    at: int = 0
    value: int = 0
    history: list[tuple[int, int]] = field(default_factory=list)

    def add(self, step: int) -> None:
        """Add a spike."""
        self.value, self.at = times(self.value, self.decay(step - self.at)) + ONE, step
        self.history.append((step, self.value))


def processed(
    pre: Sequence[int],
    post: Sequence[int],
    delay: int,
    weight: float,
    scale: float,
    tables: tuple[Callable[[int], int], Callable[[int], int]],
    on_post: Callable[[int, int], int],
    on_pre: Callable[[int, int], int],
) -> float:
    """The weight after the last spike of the source.

    ``on_post(weight, trace of the source)`` and ``on_pre(weight, trace of the target)`` change a weight in s16.15;
    ``tables`` are those of the source's and the target's trace.
    """
    of_source, of_target = Trace(tables[0]), Trace(tables[1])
    for step in sorted(post):
        of_target.add(step)
    shift, stored = round(math.log2(32768 / scale)), round(weight * scale)
    for step in sorted(pre):
        now = stored << shift
        begin, end = max(of_source.at - delay, 0), max(step - delay, 0)
        for spike, _ in of_target.history:
            if begin < spike <= end:
                since = spike + delay - of_source.at
                now = on_post(now, times(of_source.value, tables[0](since)))
        seen = [(spike, value) for spike, value in of_target.history if spike <= end]
        if seen:  # before its first spike the target has no trace, and nothing is done at all
            spike, value = seen[-1]
            now = on_pre(now, times(value, tables[1](step - spike - delay)))
        stored = now >> shift
        of_source.add(step)
    return stored / scale


def stdp(
    pre: Sequence[int], post: Sequence[int], delay: int, weight: float, rule: Any, dt_ms: float, scale: float
) -> float:
    """``timing_pair_impl`` with ``weight_additive_one_term_impl`` or ``weight_multiplicative_impl``."""
    low, high = s1615(rule.w_min), s1615(rule.w_max)
    if rule.weight_dependence == "additive":
        up, down = s1615(rule.A_plus * rule.w_max), s1615(rule.A_minus * rule.w_max)

        def on_post(now: int, trace: int) -> int:
            return min(now + times(up, trace), high)

        def on_pre(now: int, trace: int) -> int:
            return max(now - times(down, trace), low)
    else:
        up, down = s1615(rule.A_plus), s1615(rule.A_minus)

        def on_post(now: int, trace: int) -> int:
            return now + times(((high - now) * up) >> 15, trace)

        def on_pre(now: int, trace: int) -> int:
            return now - times(((now - low) * down) >> 15, trace)

    tables = table(rule.tau_plus, dt_ms), table(rule.tau_minus, dt_ms)
    return processed(pre, post, delay, weight, scale, tables, on_post, on_pre)


def vogels(
    pre: Sequence[int], post: Sequence[int], delay: int, weight: float, rule: Any, dt_ms: float, scale: float
) -> float:
    """``timing_vogels_2011_impl`` with ``weight_additive_one_term_impl``: only the greatest weight is a bound."""
    eta, high = s1615(rule.eta), s1615(rule.w_max)
    alpha = round(2 * rule.target_rate_hz * rule.tau / 1000 * ONE)

    def on_post(now: int, trace: int) -> int:
        return min(now + times(eta, trace), high)

    def on_pre(now: int, trace: int) -> int:
        return min(now + times(eta, trace - alpha), high)

    of_both = table(rule.tau, dt_ms)
    return processed(pre, post, delay, weight, scale, (of_both, of_both), on_post, on_pre)
