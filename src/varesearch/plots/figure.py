"""The contract of a figure.

A figure is one module of :mod:`varesearch.plots.definitions`, or a file of the user's own, found by
:func:`varesearch.config.parts.parts`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from varesearch.config.parts import Part, parts
from varesearch.config.schema import AnalysisConfig
from varesearch.recording import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class FigureDefinition(Part, ABC):
    """A figure of a recording. The name of its module is the name of its file."""

    group: ClassVar[str] = "figure"
    package: ClassVar[str] = "varesearch.plots.definitions"

    what: ClassVar[str]
    """What it shows, in one line."""
    needs: ClassVar[str] = ""
    """What the figure needs and a recording may lack."""
    on_request: ClassVar[str] = ""
    """The word in ``analysis.further`` that asks for it and for metrics that it shows; "": every run has it."""
    place: ClassVar[int] = 1000
    """Figures are shown in the order of this number, then of their names."""

    @classmethod
    @abstractmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> "Figure | None":
        """Draw the figure.

        Parameters
        ----------
        recording
            The spikes and signals of each population.
        analysis
            How the recording is read (warm-up, bins).
        title
            Which run it is, in one line.

        Returns
        -------
        matplotlib.figure.Figure or None
            None where the recording lacks what the figure :attr:`needs`.
        """

    @classmethod
    def definition_fault(cls) -> str:
        if not isinstance(getattr(cls, "what", None), str):
            return "has no what: write what = TEXT"
        return "has no draw(): define it (see docs/how-to)" if cls.__abstractmethods__ else ""


def figure_definitions(config_dir: Path | None = None) -> Mapping[str, type[FigureDefinition]]:
    """Name -> figure, in the order in which they are shown; with those in the user's folder.

    Raises ConfigurationError as :func:`varesearch.config.parts.parts` does.
    """
    known = parts(FigureDefinition, config_dir)
    return {name: known[name] for name in sorted(known, key=lambda name: (known[name].place, name))}
