"""Make lists.npz: synapses among 32 excitatory and 8 inhibitory cells, with pairs repeated and delays of 2 to 6 ms.

Without weights, since these have another unit for each kind of cell. Run it by hand; the file is in the repository.
"""

from pathlib import Path

import numpy as np

SIZES = {"exc": 32, "inh": 8}


def main() -> None:
    rng = np.random.default_rng(1)
    arrays = {}
    for pre, sources in SIZES.items():
        for post, targets in SIZES.items():
            count = 8 * targets
            arrays[f"{pre}_to_{post}.source"] = rng.integers(0, sources, count).astype(np.int32)
            arrays[f"{pre}_to_{post}.target"] = rng.integers(0, targets, count).astype(np.int32)
            arrays[f"{pre}_to_{post}.delay_ms"] = rng.integers(2, 7, count).astype(np.float64)
    np.savez_compressed(Path(__file__).parent / "lists.npz", **arrays)


if __name__ == "__main__":
    main()
