"""Figures for pages: in the style of all figures, and in small files."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.figure import Figure
from PIL import Image

from varesearch.plots import style

_DPI = 100
_COLOURS = 128
"""The figures have few colours; with this number a file is a third as large."""


@contextmanager
def drawing() -> Iterator[None]:
    """Use the project's style, regardless of the user's own matplotlibrc."""
    with rc_context():
        rcdefaults()
        rcParams.update(style.RC)
        yield


def save(figure: Figure, folder: Path, name: str) -> Path:
    """Write ``NAME.png``. Nothing that changes from day to day is in the file."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_DPI)
    file = folder / f"{name}.png"
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    return file
