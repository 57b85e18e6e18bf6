"""Which colour each population, group of sources and level of a factor has, in every figure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex, to_rgb

from varesearch.config.backend import BackendSettings
from varesearch.config.parts import parts
from varesearch.recording import PopulationRecording

# Okabe & Ito, "Color Universal Design" (2008), with indigo and wine of P. Tol, "Colour Schemes" (2021): eight colours
# that people with any colour vision can distinguish. Excitatory populations have cool ones, inhibitory warm ones.
_COOL = ("#0072B2", "#56B4E9", "#009E73", "#332288")
_WARM = ("#D55E00", "#E69F00", "#CC79A7", "#882255")
_OTHERS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288", "#882255", "#0072B2", "#D55E00")
_FAMILIES = {"excitatory": _COOL, "inhibitory": _WARM}
_OF_SOURCES = ("#444444", "#8C8C8C")
_LEVELS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9")

_PAIR = {"exc": "excitatory", "inh": "inhibitory"}
"""The populations of a network for which nothing else is configured, and what their cells do."""

ORDERED_MAP = "viridis"
"""The colour map for ordered values; its lightness changes evenly, so that everybody can distinguish its colours."""


def population_colours(names: Collection[str], receptors: Mapping[str, str] | None = None) -> dict[str, str]:
    """A colour for each population, for the same names always the same.

    Parameters
    ----------
    names
        The populations, in their order.
    receptors
        Population -> ``"excitatory"`` or ``"inhibitory"``, of those of which it is known: these have cool and warm
        colours. ``exc`` and ``inh`` are known.

    Returns
    -------
    dict
        Up to eight populations have different colours that people with any colour vision can distinguish; further ones
        have darker shades of the same.

    Examples
    --------
    >>> population_colours(["exc", "pv", "sst"], {"pv": "inhibitory", "sst": "inhibitory"})
    {'exc': '#0072B2', 'pv': '#D55E00', 'sst': '#E69F00'}
    """
    known = {**(receptors or {}), **{name: kind for name, kind in _PAIR.items() if not (receptors or {}).get(name)}}
    found: dict[str, str] = {}
    # The pair keeps its colours, whoever stands before it; those whose family is unknown take what is left.
    for name in sorted(names, key=lambda name: (name not in _PAIR, not known.get(name))):
        family = _FAMILIES.get(known.get(name, ""), ())
        free = [colour for colour in _shades(family or _OTHERS, len(names)) if colour not in found.values()]
        found[name] = free[0]
    return {name: found[name] for name in names}


def _shades(colours: Sequence[str], most: int) -> list[str]:
    """The colours, then darker and darker shades of them: ``most`` more than there are colours."""
    shades = list(colours)
    while len(shades) <= most + len(colours):
        level = 0.72 ** (len(shades) // len(colours))
        shades += [to_hex((level * red, level * green, level * blue)) for red, green, blue in map(to_rgb, colours)]
    return shades


def colours_of(populations: Mapping[str, PopulationRecording]) -> dict[str, str]:
    """A colour for each recorded population; see :func:`population_colours`."""
    return population_colours(list(populations), {name: it.receptor for name, it in populations.items()})


def source_colours(names: Collection[str]) -> dict[str, str]:
    """A grey for each group of sources, which are no cells of the network."""
    return {name: _OF_SOURCES[k % len(_OF_SOURCES)] for k, name in enumerate(names)}


def level_colours(levels: Sequence[Any]) -> list[str]:
    """A colour for each level of a factor: a back end has always the same one; others in order from dark to light."""
    known = list(parts(BackendSettings))
    if len(known) <= len(_LEVELS) and all(level in known for level in levels):
        return [_LEVELS[known.index(level)] for level in levels]
    # The lightest part of the map is hard to see on white.
    return [to_hex(colormaps[ORDERED_MAP](place)) for place in np.linspace(0.0, 0.82, len(levels))]
