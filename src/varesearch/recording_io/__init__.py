"""Recordings on disk and as neo objects."""

from varesearch.recording_io.neo_block import NEO_SUFFIX, from_neo, load_neo, save_neo, to_neo
from varesearch.recording_io.npz import load_npz, save_npz

__all__ = ["NEO_SUFFIX", "from_neo", "load_neo", "load_npz", "save_neo", "save_npz", "to_neo"]
