"""The words that choose an option, with what some options cannot do without."""

from collections.abc import Sequence
from pathlib import Path

NEEDED: dict[str, Sequence[str]] = {
    "connectivity=one_to_one": ("connectivity.exc_inh_ratio=1",),
    "connectivity=from_file": (f"connectivity.file={Path(__file__).parents[1] / 'crossing' / 'lists.npz'}",),
    "cell=hh_cond_exp": ("simulation=fine",),
    "stimulus=spike_file": (f"stimulus.file={Path(__file__).parents[1] / 'crossing' / 'input_spikes.csv'}",),
}
"""Option -> further words, such as populations of one size."""


def choosing(option: str) -> list[str]:
    """The words that choose an option, which can be run."""
    return [option, *NEEDED.get(option, ())]
