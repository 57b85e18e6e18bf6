"""Poisson sources on the grid of time steps, and their rates."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from varesearch.config.plain import parse_value
from varesearch.config.values import Value
from varesearch.model.stimuli import (
    Source,
    SpikeArrays,
    SpikingStimulus,
    Surroundings,
    bernoulli_indices,
    check_multiple,
    check_number,
    drawn,
    quantity,
    ranges,
    refuse,
)
from varesearch.model.stimuli._window import check_window, steps_of
from varesearch.narrowing import int32

RateSetting = Any
"""A :class:`Value`, or rows ``[time_ms, rate_hz]``; OmegaConf's schemas accept only ``Any`` for it."""

_BLOCK_SPIKES = 4_000_000
"""About how many spikes are drawn at a time, which bounds the memory that drawing takes."""

_ROWS = "[[TIME_MS, RATE_HZ], ...]"


def parse_rate(plain: Any, setting: str) -> Value | list[list[float]]:
    """Read a rate: a number, a distribution, or rows ``[time_ms, rate_hz]``. Raises ConfigurationError."""
    if not isinstance(plain, list | tuple):
        return parse_value(plain, setting)
    if not plain:
        refuse(setting, plain, f"has no row; write {_ROWS}, or a number")
    for index, row in enumerate(plain):
        if not isinstance(row, list | tuple) or len(row) != 2 or not all(_is_number(value) for value in row):
            refuse(f"{setting}[{index}]", row, f"is not a time and a rate; write {_ROWS}")
    return [[float(value) for value in row] for row in plain]


LAWS = ("poisson", "bernoulli")
LAW = "poisson: any number of spikes in a step; bernoulli: at most one, with probability rate dt"


@dataclass
class PoissonStimulus(SpikingStimulus):
    """What stimuli share whose sources fire at random, each at a rate.

    By the law ``poisson`` the number of spikes of a source in a step has the Poisson distribution of mean rate dt, so
    that the variance of counts equals their mean whatever the step. By the law ``bernoulli`` a source fires at most
    once in a step, with probability rate dt: variance / mean is 1 - rate dt, and rates above 1/dt do not exist.
    """

    rate_hz: RateSetting = drawn(
        100.0,
        "Hz",
        f"rate of each source: a number, a distribution over the sources, or {_ROWS}: each from its time on",
        plausible=ranges.RATE_HZ,
        parse=parse_rate,
    )
    law: str = quantity("poisson", "", LAW, LAWS)
    start_ms: float = quantity(0.0, "ms", "when it begins", plausible=ranges.START_MS)
    duration_ms: float | None = quantity(
        None, "ms", "how long it lasts; null: to the end of the run", plausible=ranges.LENGTH_OF_TIME_MS
    )

    def check(self, around: Surroundings) -> None:
        check_window(self.start_ms, self.duration_ms, around)
        if isinstance(self.rate_hz, Value):
            self._check_value(self.rate_hz)
        else:
            self._check_rows(self.rate_hz, around)
        highest_hz, most_hz = self._highest_hz(), 1000.0 / around.dt_ms
        if self.law == "bernoulli" and highest_hz > most_hz:
            refuse(
                "stimulus.rate_hz",
                self.rate_hz if isinstance(self.rate_hz, list) else self.rate_hz.plain,
                f"is more than one spike in a step of {around.dt_ms:g} ms, which stimulus.law=bernoulli cannot give; "
                f"it must be at most {most_hz:g} Hz (high: {most_hz:g} in a distribution), or write "
                "stimulus.law=poisson",
            )

    def _check_value(self, rate: Value) -> None:
        if rate.lower < 0:
            refuse("stimulus.rate_hz", rate.plain, "can be negative; write low: 0, or a positive number of Hz")
        if rate.upper == 0:
            refuse("stimulus.rate_hz", rate.plain, "must be greater than 0 Hz; for no input write stimulus=none")

    def _check_rows(self, rows: list[list[float]], around: Surroundings) -> None:
        before_ms = -1.0
        for index, (time_ms, rate_hz) in enumerate(rows):
            where = f"stimulus.rate_hz[{index}]"
            check_number(where, time_ms)
            check_number(where, rate_hz)
            if not 0 <= time_ms < around.duration_ms:
                refuse(where, rows[index], f"begins at {time_ms:g} ms, outside the run of {around.duration_ms:g} ms")
            check_multiple(where, time_ms, around.dt_ms)
            if time_ms <= before_ms:
                refuse(where, rows[index], "must begin later than the row before it; sort the rows by time")
            if rate_hz < 0:
                refuse(where, rows[index], "has a negative rate; it must be at least 0 Hz")
            before_ms = time_ms
        if not any(self._pieces(around)):
            refuse("stimulus.rate_hz", rows, "is 0 Hz all the time; raise it, or write stimulus=none")

    def _highest_hz(self) -> float:
        return self.rate_hz.upper if isinstance(self.rate_hz, Value) else max(rate for _, rate in self.rate_hz)

    def _pieces(self, around: Surroundings) -> list[tuple[int, int, Value | float]]:
        """The times of constant rates above 0: first step, step after the last, rate."""
        start, stop = steps_of(self.start_ms, self.duration_ms, around)
        if isinstance(self.rate_hz, Value):
            return [(start, stop, self.rate_hz)]
        begins = [round(time_ms / around.dt_ms) for time_ms, _ in self.rate_hz]
        pieces = zip(begins, [*begins[1:], stop], self.rate_hz, strict=True)
        cut = [(max(first, start), min(last, stop), rate) for first, last, (_, rate) in pieces]
        return [(first, last, rate) for first, last, rate in cut if first < last and rate > 0]

    def mean_rates_hz(self, around: Surroundings) -> tuple[tuple[int, int, float], ...]:
        return tuple((first, last, _mean(rate)) for first, last, rate in self._pieces(around))

    def with_rates(self, factor: float) -> Self:
        """Return the stimulus whose sources fire ``factor`` times as often."""
        if isinstance(self.rate_hz, Value):
            return replace(self, rate_hz=self.rate_hz.times(factor))
        return replace(self, rate_hz=[[time_ms, rate * factor] for time_ms, rate in self.rate_hz])

    def expected_spikes(self, around: Surroundings) -> float:
        n_sources = sum(source.size for source in self.sources(around.sizes))
        return sum(
            n_sources * _mean(rate) * (last - first) * around.dt_ms / 1000.0
            for first, last, rate in self._pieces(around)
        )

    def spikes(self, source: Source, around: Surroundings) -> SpikeArrays:
        rng, found = around.stream(source.name, "spikes"), []
        for first, last, rate in self._pieces(around):
            rates_hz: float | NDArray[np.float64]
            if isinstance(rate, Value):
                rates_hz = rate.draw(around.stream(source.name, "rate_hz"), source.size)
                rates_hz = float(rates_hz[0]) if (rates_hz == rates_hz[0]).all() else rates_hz
            else:
                rates_hz = rate
            means = np.multiply(rates_hz, around.dt_ms / 1000.0)
            draw = _counts if self.law == "poisson" else _at_most_one
            found += [
                (int32(sources, f"sources of {source.name}"), int32(steps + first, f"steps of {source.name}"), counts)
                for sources, steps, counts in draw(last - first, source.size, means, rng)
            ]
        sources, steps = (np.concatenate([part[k] for part in found]) for k in (0, 1))
        counts = np.concatenate([part[2] for part in found])
        return (sources, steps, counts) if counts.max(initial=1) > 1 else (sources, steps)


_Drawn = Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.unsignedinteger]]]
"""Parts of the drawn spikes, in the order of steps: sources, steps, counts."""


def _counts(n_steps: int, size: int, means: Any, rng: np.random.Generator) -> _Drawn:
    """Draw Poisson counts of mean ``means`` for each step and source.

    The number of spikes in a block of steps has a Poisson distribution; given their number, each falls on any step with
    equal probability, and on a source in proportion to its mean (the spikes of a Poisson process are independent).
    """
    cumulative = None if np.ndim(means) == 0 else np.cumsum(means)
    in_a_step = float(means) * size if cumulative is None else float(cumulative[-1])
    block = int(min(n_steps, max(1.0, _BLOCK_SPIKES / in_a_step)))
    for begin in range(0, n_steps, block):
        length = min(block, n_steps - begin)
        number = int(rng.poisson(in_a_step * length))
        places = rng.integers(0, length, number) * size
        if cumulative is None:
            places += rng.integers(0, size, number)
        else:
            chosen = np.searchsorted(cumulative, rng.random(number) * in_a_step, side="right")
            places += np.minimum(chosen, size - 1)
        if length * size <= 4 * number:
            counts = np.bincount(places, minlength=length * size)
            hit = np.flatnonzero(counts)
            counts = counts[hit]
        else:
            hit, counts = np.unique(places, return_counts=True)
        steps, sources = np.divmod(hit, size)
        yield sources, steps + begin, counts.astype(np.min_scalar_type(int(counts.max(initial=1))))


def _at_most_one(n_steps: int, size: int, means: Any, rng: np.random.Generator) -> _Drawn:
    """Draw for each step and source whether it fires, with probability ``means``."""
    fired = bernoulli_indices(n_steps * size, float(np.max(means)), rng)
    steps, sources = np.divmod(fired, size)
    if np.ndim(means):
        kept = rng.random(fired.size) * np.max(means) < means[sources]
        steps, sources = steps[kept], sources[kept]
    yield sources, steps, np.ones(sources.size, np.uint8)


def _mean(rate: Value | float) -> float:
    return rate.expected if isinstance(rate, Value) else rate


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
