"""Sources in NEST: a spike generator for each, which is told its spikes window by window.

A generator keeps 24 bytes or more for each spike to come, the drawn network 8 or 9. So that strong background for many
cells does not take several times its memory, the spikes of a long run are handed over in windows.
"""

from typing import Any, ClassVar

import numpy as np

from varesearch.backends.nest.translation import rows
from varesearch.backends.table import Context, translate
from varesearch.network.model import Network, SpikeSource


class Generators:
    """The generators of one group of sources, from node ``first_id`` on.

    ``most``: about how many pairs of source and step are handed over at a time.
    """

    most: ClassVar[int] = 1_000_000

    def __init__(self, nest: Any, network: Network, source: SpikeSource) -> None:
        self._network, self._source = network, source
        # PyNN's set-up makes spikes off the grid the default of generators.
        self._nodes = nest.Create("spike_generator", source.size, params={"precise_times": False})
        self.first_id: int = self._nodes[0].global_id
        self.windows = sorted({0, *source.steps[self.most :: self.most].tolist()})
        """The steps at which :meth:`feed` is to be called."""

    def feed(self, step: int) -> None:
        """Hand over the spikes of the window that begins with ``step``, and forget those before it."""
        following = [each for each in self.windows if each > step]
        begin, end = np.searchsorted(self._source.steps, [step, following[0] if following else self._network.n_steps])
        sources = self._source.sources[begin:end]
        order = np.argsort(sources, kind="stable")
        ends = np.cumsum(np.bincount(sources, minlength=self._source.size))[:-1]
        # A source is no cell: the row of its spikes is the same in the table of every cell.
        cell = self._network.populations[0].cell
        steps = self._source.steps[begin:end][order].astype(np.float64)
        times = translate(rows(type(cell)), "source_steps", steps, Context(cell=cell, dt_ms=self._network.dt_ms))
        parameters = [{"spike_times": train} for train in np.split(times, ends)]
        if self._source.counts is not None:
            counts = np.split(self._source.counts[begin:end][order].astype(np.int64), ends)
            parameters = [it | {"spike_multiplicities": many} for it, many in zip(parameters, counts, strict=True)]
        self._nodes.set(parameters)
