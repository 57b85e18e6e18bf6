"""Drawing for pages: the looks of all figures, in force while a study draws, and small files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.figure import Figure

from varesearch.plots import style

_DPI = 100


@contextmanager
def drawing() -> Iterator[None]:
    """The project's looks, whatever the user's own matplotlibrc says."""
    with rc_context():
        rcdefaults()
        rcParams.update(style.RC)
        yield


def save(figure: Figure, folder: Path, name: str) -> Path:
    """Write ``NAME.png``. Nothing that changes from day to day is in the file."""
    file = folder / f"{name}.png"
    figure.savefig(file, dpi=_DPI, metadata={"Software": None})
    return file
