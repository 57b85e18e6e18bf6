"""SpiNNaker's Izhikevich cell with exponential currents in its own integer arithmetic, vectorised over a drawn network.

Written from the description of sPyNNaker's arithmetic: every number is s16.15 in a wrapping 32-bit integer, a product
is shifted right by 15 (towards minus infinity), parameters are rounded to the nearest. It is the independent reference
for the ``spinnaker`` integrator and for whatever runs the real binaries.

A step: the arrivals of the step (16-bit unsigned, saturating, scaled by a power of two) enter the currents times
τ/dt (1 - exp(-dt/τ)); v is sampled; the midpoint rule is applied; a cell at 30 mV or above fires, is reset, and makes
its next step 1.85 steps long; the currents decay. A spike of step t with a delay of d steps arrives in step t + d.

The exponential is the machine's own (``expulr`` of spinn_common), some 1e-6 off the true one: see :func:`exponential`.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.network.model import Network

ONE = 1 << 15
MAX_SLOT = 0xFFFF


def s1615(value: NDArray[np.float64] | float) -> NDArray[np.int32]:
    """The nearest s16.15 number(s)."""
    return np.rint(np.asarray(value, dtype=np.float64) * ONE).astype(np.int64).astype(np.int32)


def exponential(x: int) -> int:
    """exp of an s16.15 number <= 0 as an unsigned 0.32 fraction, as the machine works it out.

    x is split into a whole number, sixteenths and a rest below 1/16, x = z - k/16 - r. Of the rest a quadratic is taken
    for 1 - exp(-r), the other two factors are exact to the nearest 2^-32. The quadratic's three coefficients (0.32) are
    those of spinn_common's ``stdfix-exp.c``, the only thing taken from there, for the bits depend on them.
    """
    whole = -(-x // ONE)
    below = whole * ONE - x
    result = round(math.exp(whole) * 2**32)
    if below:
        sixteenths, rest = below >> 11, (below & 0x7FF) << 17
        result -= _fraction(result, round(-math.expm1(-sixteenths / 16) * 2**32))
        slope = 4293434720 - (2081624032 * rest >> 32)
        result -= _fraction(result, 5294 + (slope * rest >> 32))
    return min(result, 2**32 - 1)


def _fraction(value: int, share: int) -> int:
    """``value`` times an unsigned 0.32 fraction, to the nearest."""
    return (value * share + 2**31) >> 32


def mul(a: NDArray[np.int32], b: NDArray[np.int32] | int) -> NDArray[np.int32]:
    """s16.15 product, truncated downwards, wrapped to 32 bits."""
    return ((a.astype(np.int64) * np.asarray(b, dtype=np.int64)) >> 15).astype(np.int32)


def scaled(a: NDArray[np.int32], fraction: np.int64) -> NDArray[np.int32]:
    """An s16.15 number times an unsigned 0.32 fraction."""
    return ((a.astype(np.int64) * fraction) >> 32).astype(np.int32)


@dataclass
class Result:
    """Spikes as (cell, step), sorted by step, cells counted through the populations; v (steps, cells) in mV."""

    ids: NDArray[np.int64]
    steps: NDArray[np.int64]
    v: NDArray[np.float64]
    saturated: int


class IntegerNetwork:
    """A drawn network of ``izhikevich`` cells on integers. ``shift``: a slot's value times 2^shift is s16.15.

    The default makes the smallest weight 1/512, which is what sPyNNaker chooses for the seed network's lists.
    """

    def __init__(self, network: Network, shift: int = 6) -> None:
        self.network, self.shift = network, shift
        offsets, start = {}, 0
        for population in network.populations:
            assert isinstance(population.cell, Izhikevich)
            offsets[population.name] = start
            start += population.size
        self.offsets, self.n = offsets, start
        self._parameters()
        self._synapses()

    def _parameters(self) -> None:
        dt_ms = self.network.dt_ms
        populations = self.network.populations

        def each(name: str) -> NDArray[np.int32]:
            return s1615(np.concatenate([np.full(p.size, getattr(p.cell, name)) for p in populations]))

        self.a, self.b, self.c, self.d = (each(name) for name in "abcd")
        self.i_offset = each("i_offset")
        self.v = s1615(np.concatenate([p.initial["v"] for p in populations]))
        self.u = s1615(np.concatenate([p.initial["u"] for p in populations]))
        self.dt = s1615(dt_ms)
        self.after_spike = mul(np.array([self.dt], dtype=np.int32), 60620)[0]
        taus = {(p.cell.tau_syn_E, p.cell.tau_syn_I) for p in populations if isinstance(p.cell, Izhikevich)}
        (self.taus,) = taus
        # Both are worked out on the machine, from quotients truncated to s16.15; its 1 is the largest 0.32 fraction.
        dt, constants = int(self.dt), [int(s1615(tau)) for tau in self.taus]
        self.decay = [np.int64(exponential(-(dt * ONE // tau))) for tau in constants]
        self.gain = [
            np.int64((tau * ONE // dt) * (2**32 - 1 - int(decay)) >> 15)
            for tau, decay in zip(constants, self.decay, strict=True)
        ]

    def _synapses(self) -> None:
        """Group all synapses by the source that fires them: columns of (receptor, target, weight, delay)."""
        self.outgoing: dict[str, list[tuple[NDArray, NDArray, NDArray, NDArray, int]]] = {}
        longest = 1
        for projection in self.network.projections:
            weights = np.rint(projection.weights * ONE / (1 << self.shift)).astype(np.int64)
            targets = projection.targets + self.offsets[projection.post]
            sizes = {p.name: p.size for p in (*self.network.populations, *self.network.sources)}
            starts = np.searchsorted(projection.sources, np.arange(sizes[projection.pre] + 1))
            receptor = 0 if projection.receptor == "excitatory" else 1
            self.outgoing.setdefault(projection.pre, []).append(
                (starts, targets, weights, projection.delay_steps, receptor)
            )
            if projection.size:
                longest = max(longest, int(projection.delay_steps.max()))
        self.slots = np.zeros((longest + 1, 2, self.n), dtype=np.int64)

    def _send(self, name: str, sources: NDArray, step: int) -> None:
        for starts, targets, weights, delays, receptor in self.outgoing.get(name, ()):
            for source in sources:
                rows = slice(starts[source], starts[source + 1])
                places: Any = ((step + delays[rows]) % len(self.slots), receptor, targets[rows])
                np.add.at(self.slots, places, weights[rows])

    def run(self) -> Result:
        """Simulate all steps."""
        n_steps = self.network.n_steps
        v_samples = np.empty((n_steps, self.n))
        current = np.zeros((2, self.n), dtype=np.int32)
        h = np.full(self.n, self.dt, dtype=np.int32)
        ids, steps, saturated = [], [], 0
        injected = self._injected()
        for step in range(n_steps):
            slot = self.slots[step % len(self.slots)]
            saturated += int((slot > MAX_SLOT).sum())
            arrived = (np.minimum(slot, MAX_SLOT) << self.shift).astype(np.int32)
            slot[:] = 0
            for receptor in range(2):
                current[receptor] += scaled(arrived[receptor], self.gain[receptor])
            v_samples[step] = self.v / ONE
            self._update(self.i_offset + injected[step] + current[0] - current[1], h)
            h[:] = self.dt
            fired = np.flatnonzero(self.v >= 30 * ONE)
            self.v[fired] = self.c[fired]
            self.u[fired] += self.d[fired]
            h[fired] = self.after_spike
            for receptor in range(2):
                current[receptor] = scaled(current[receptor], self.decay[receptor])
            ids.append(fired)
            steps.append(np.full(len(fired), step))
            self._deliver(fired, step)
        return Result(np.concatenate(ids), np.concatenate(steps), v_samples, saturated)

    def _update(self, i: NDArray[np.int32], h: NDArray[np.int32]) -> None:
        v, u = self.v, self.u
        p = i + np.int32(140 * ONE) - u
        alpha = mul(mul(v, 1311) + np.int32(5 * ONE), v) + p
        eta = v + mul(mul(alpha, h), ONE // 2)
        ha = mul(h, self.a)
        beta = mul(mul(mul(v, self.b) - u, ha), ONE // 2)
        self.v = v + mul(p - beta + mul(mul(eta, 1311) + np.int32(5 * ONE), eta), h)
        self.u = u + mul(mul(self.b, eta) - (u + beta), ha)

    def _deliver(self, fired: NDArray, step: int) -> None:
        for population in self.network.populations:
            first = self.offsets[population.name]
            own = fired[(fired >= first) & (fired < first + population.size)] - first
            self._send(population.name, own, step)
        for source in self.network.sources:
            rows = slice(*np.searchsorted(source.steps, [step, step + 1]))
            self._send(source.name, source.sources[rows], step)

    def _injected(self) -> NDArray[np.int32]:
        total = np.zeros((self.network.n_steps, self.n), dtype=np.int32)
        for current in self.network.currents:
            first = self.offsets[current.target]
            size = self.network.population(current.target).size
            total[current.start_step : current.stop_step, first : first + size] += s1615(current.amplitudes[0])
        return total
