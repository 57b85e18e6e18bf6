"""The weights of synapses that learn, before and after the run."""

import numpy as np
from matplotlib.figure import Figure

from varesearch.plots.definitions import AnalysisConfig, FigureDefinition, Recording, style

BINS = 60
_BEFORE, _AFTER = "#8A8A8A", "#B5541C"
_PANEL_IN, _ALONE_IN, _GAP_IN = 1.5, 2.6, 0.62
MOST_DRAWN = 8
"""Of more projections that learn, the first ones are drawn."""


class WeightDistributions(FigureDefinition):
    """How many synapses have which weight before and after the run, for each projection that learns."""

    what = "weights of synapses that learn, before and after the run"
    needs = "a projection that learns"
    place = 60

    @classmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> Figure | None:
        learned = [weights for weights in recording.weights.values() if weights.final.size]
        if not learned:
            return None
        shown, panel_in = learned[:MOST_DRAWN], _PANEL_IN if len(learned) > 1 else _ALONE_IN
        height = style.TOP_IN + style.BOTTOM_IN + len(shown) * (panel_in + _GAP_IN) - _GAP_IN
        figure = style.page("Weights", title, {"before": _BEFORE, "after": _AFTER}, height)
        width = style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN
        for place, weights in enumerate(shown):
            bottom = height - style.TOP_IN - (place + 1) * panel_in - place * _GAP_IN
            axes = style.panel(figure, style.LEFT_IN, bottom, width, panel_in)
            edges = np.linspace(weights.low, weights.high, BINS + 1)
            for order, (values, colour) in enumerate(((weights.initial, _BEFORE), (weights.final, _AFTER))):
                # What fixed point stores may lie a step beyond a bound.
                counts, _ = np.histogram(np.clip(values, weights.low, weights.high), edges)
                style.histogram(axes, 100 * counts / values.size, edges, colour, order)
            axes.set_xlim(weights.low, weights.high)
            axes.set_ylim(bottom=0)
            style.scale(axes, "x", f"weight of {weights.name} ({weights.unit})", most=8)
            style.scale(axes, "y", "synapses (%)", most=4)
        others = f"; {len(learned) - len(shown)} further projections" if len(learned) > len(shown) else ""
        style.note(figure, f"from the least to the greatest weight; after: as of the last spike of each source{others}")
        return figure
