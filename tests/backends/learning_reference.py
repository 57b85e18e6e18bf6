"""The closed form of each rule, spike by spike, written from the publications and not from any simulator.

``dendritic`` is the delay in steps after which the synapse sees a spike of its target; it sees those of its source at
once. ``ties``: whether a spike of the target that is seen in the same step as one of the source counts as one before
it, as on SpiNNaker; else the pair is ignored.
"""

from collections.abc import Callable, Iterator, Sequence
from math import exp

Seen = tuple[list[float], list[float]]
"""The times since each earlier spike of the other cell, and of the same cell, in ms."""


def events(
    pre: Sequence[int], post: Sequence[int], dendritic: int, dt_ms: float, ties: bool
) -> Iterator[tuple[bool, list[float], list[float]]]:
    """Yield (whether the source fired, times since the other's spikes, times since its own) in the order seen."""
    arrived = [step + dendritic for step in post]
    both = sorted([(step, 0) for step in arrived] + [(step, 1) for step in pre])
    for step, is_pre in both:
        mine, others = (pre, arrived) if is_pre else (arrived, pre)
        before = [(step - it) * dt_ms for it in others if it < step or (ties and is_pre and it == step)]
        yield bool(is_pre), before, [(step - it) * dt_ms for it in mine if it < step]


def final_weight(
    weight: float,
    low: float,
    high: float,
    seen: Iterator[tuple[bool, list[float], list[float]]],
    on_pre: Callable[[float, list[float], list[float]], float],
    on_post: Callable[[float, list[float], list[float]], float],
) -> float:
    """The weight after the source's last spike; each change is cut to ``low`` and ``high``."""
    kept = weight
    for is_pre, others, own in seen:
        weight = min(max(weight + (on_pre if is_pre else on_post)(weight, others, own), low), high)
        kept = weight if is_pre else kept
    return kept


def trace(times: list[float], tau_ms: float, nearest: bool = False) -> float:
    """The sum of exp(-t/tau), or only the largest term."""
    return sum(exp(-it / tau_ms) for it in ([min(times)] if nearest and times else times))


def stdp(
    pre: Sequence[int], post: Sequence[int], dendritic: int, weight: float, rule: object, dt_ms: float, ties: bool
) -> float:
    """Song, Miller and Abbott 2000 (additive); van Rossum, Bi and Turrigiano 2000 (multiplicative)."""
    r = rule
    additive, near = r.weight_dependence == "additive", r.pairing == "nearest"  # type: ignore[attr-defined]

    def up(w: float, others: list[float], _own: list[float]) -> float:
        return r.A_plus * (r.w_max if additive else r.w_max - w) * trace(others, r.tau_plus, near)  # type: ignore[attr-defined]

    def down(w: float, others: list[float], _own: list[float]) -> float:
        return -r.A_minus * (r.w_max if additive else w - r.w_min) * trace(others, r.tau_minus, near)  # type: ignore[attr-defined]

    seen = events(pre, post, dendritic, dt_ms, ties)
    return final_weight(weight, r.w_min, r.w_max, seen, down, up)  # type: ignore[attr-defined]


def vogels(
    pre: Sequence[int], post: Sequence[int], dendritic: int, weight: float, rule: object, dt_ms: float, ties: bool
) -> float:
    """Vogels et al. 2011, equations 4 and 5 of the supplement; alpha = 2 rho tau."""
    r = rule
    alpha = 2 * r.target_rate_hz * 1e-3 * r.tau  # type: ignore[attr-defined]

    def at_pre(w: float, others: list[float], _own: list[float]) -> float:
        raised = min(w + r.eta * trace(others, r.tau), r.w_max)  # type: ignore[attr-defined]
        return raised - r.eta * alpha - w  # type: ignore[attr-defined]

    def at_post(w: float, others: list[float], _own: list[float]) -> float:
        return r.eta * trace(others, r.tau)  # type: ignore[attr-defined]

    seen = events(pre, post, dendritic, dt_ms, ties)
    return final_weight(weight, r.w_min, r.w_max, seen, at_pre, at_post)  # type: ignore[attr-defined]


def triplet(
    pre: Sequence[int], post: Sequence[int], dendritic: int, weight: float, rule: object, dt_ms: float, ties: bool
) -> float:
    """Pfister and Gerstner 2006, equations 3 and 4."""
    r = rule

    def at_pre(w: float, others: list[float], own: list[float]) -> float:
        third = r.A_minus + r.A3_minus * trace(own, r.tau_x)  # type: ignore[attr-defined]
        return -r.w_max * trace(others, r.tau_minus) * third  # type: ignore[attr-defined]

    def at_post(w: float, others: list[float], own: list[float]) -> float:
        third = r.A_plus + r.A3_plus * trace(own, r.tau_y)  # type: ignore[attr-defined]
        return r.w_max * trace(others, r.tau_plus) * third  # type: ignore[attr-defined]

    seen = events(pre, post, dendritic, dt_ms, ties)
    return final_weight(weight, r.w_min, r.w_max, seen, at_pre, at_post)  # type: ignore[attr-defined]


def efficacies(pre: Sequence[int], rule: object, dt_ms: float) -> list[float]:
    """What each spike of the source brings for a weight of 1: Maass and Markram 2002, equations 1 to 3."""
    r, x, u, last, found = rule, 1.0, 0.0, 0, []
    for k, step in enumerate(pre):
        since = (step - last) * dt_ms
        if k:
            x = 1 - (1 - x * (1 - u)) * exp(-since / r.tau_rec)  # type: ignore[attr-defined]
        left = u * exp(-since / r.tau_facil) if k and r.tau_facil else 0.0  # type: ignore[attr-defined]
        u = left + r.U * (1 - left)  # type: ignore[attr-defined]
        found.append(x * u)
        last = step
    return found
