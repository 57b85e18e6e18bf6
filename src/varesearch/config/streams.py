"""One seed, many independent random streams, each named by what is drawn.

One generator shared by several projections is the classic trap (PyNN with lazyarray deep-copies its state, so that each
projection gets the same matrix). Here a stream is a child of the run's seed, chosen by what it is for: adding or
removing a population leaves every other draw as it was.
"""

import hashlib

import numpy as np


def stream(seed: int, *purpose: str) -> np.random.Generator:
    """The generator for ``purpose``, for example ``("exc_to_inh", "weights")``, of a run with this ``seed`` (>= 0).

    The purpose's SHA-256 is the spawn key of a :class:`numpy.random.SeedSequence` (O'Neill's seed_seq; 128 bits), so
    streams of different purposes are independent whatever their order.
    """
    key = hashlib.sha256("\0".join(purpose).encode()).digest()
    words = tuple(int(word) for word in np.frombuffer(key[:16], dtype="<u4"))
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=words))
