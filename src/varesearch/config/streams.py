"""One seed, many independent random streams, each named by what is drawn.

One generator shared by several projections is the classic trap (PyNN with lazyarray deep-copies its state, so that each
projection gets the same matrix). Here a stream is a child of the run's seed, chosen by what it is for: adding or
removing a population leaves every other draw as it was.
"""

import hashlib

import numpy as np


def stream(seed: int, *purpose: str) -> np.random.Generator:
    """Return the random generator for one purpose.

    The SHA-256 of the purpose is the spawn key of a :class:`numpy.random.SeedSequence` (O'Neill's seed_seq; 128 bits),
    so that streams of different purposes are independent whatever their order.

    Parameters
    ----------
    seed
        The seed of the run, 0 or greater.
    *purpose
        What is drawn, such as ``"exc_to_inh", "weight"``.

    Returns
    -------
    numpy.random.Generator
        In its initial state: the same for the same seed and purpose.

    Examples
    --------
    >>> stream(1, "exc", "v_init").integers(100, size=3)
    array([74, 75, 69])
    >>> stream(1, "inh", "v_init").integers(100, size=3)
    array([66, 51, 11])
    """
    key = hashlib.sha256("\0".join(purpose).encode()).digest()
    words = tuple(int(word) for word in np.frombuffer(key[:16], dtype="<u4"))
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=words))
