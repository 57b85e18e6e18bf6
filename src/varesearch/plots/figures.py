"""All figures of a run, drawn and written."""

import logging
import tempfile
from pathlib import Path

import numpy as np
from matplotlib import rc_context, rcdefaults, rcParams

from varesearch.config.schema import AnalysisConfig, Config
from varesearch.plots.figure import figure_definitions
from varesearch.plots.style import PNG_DPI, RC
from varesearch.recording import Recording, Signal, population_recording

log = logging.getLogger(__name__)

PNG_COMPRESSION = 3
"""Of zlib: files 12 % larger than at its own choice, 6, in half the time."""


def figure_title(config: Config) -> str:
    """Name the run that a figure belongs to, in one line."""
    return (
        f"{config.structure.cell_names} · {config.backend.name} · n = {config.structure.n_cells} · seed {config.seed}"
        f" · {config.simulation.duration_ms:g} ms in steps of {config.simulation.dt_ms:g} ms"
    )


def write_figures(
    recording: Recording, analysis: AnalysisConfig, title: str, folder: Path, config_dir: Path | None = None
) -> list[Path]:
    """Write every figure into ``folder`` as PNG, and as SVG too with ``analysis.svg``.

    Figures on request are written if ``analysis.further`` asks for them.

    Parameters
    ----------
    recording
        The spikes and signals. Without spikes, the figures say so; without v, there are no figures of v.
    analysis
        How the recording is read.
    title
        Which run it is, in one line.
    folder
        Where the files are written; it is made if it does not exist.
    config_dir
        The folder with figures of the user's own.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    ConfigurationError, ValueError
        As :func:`varesearch.metrics.analyse`.
    """
    if not recording.populations:
        raise ValueError("the recording holds no population")
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    with rc_context():
        rcdefaults()  # the user's own matplotlibrc must not change how a run looks
        rcParams.update(RC)
        for name, definition in figure_definitions(config_dir).items():
            if definition.on_request not in ("", *analysis.further):
                continue
            figure = definition.draw(recording, analysis, title)
            if figure is None:
                log.info("no figure %s: the recording lacks %s", name, definition.needs or "what it shows")
                continue
            for suffix in (".png", ".svg") if analysis.svg else (".png",):
                path = folder / f"{name}{suffix}"
                if suffix == ".svg":
                    figure.savefig(path, dpi=PNG_DPI, metadata={"Date": None})
                else:
                    figure.savefig(path, dpi=PNG_DPI, pil_kwargs={"compress_level": PNG_COMPRESSION})
                files.append(path)
    return files


def warm_up() -> None:
    """Draw every figure of an artificial recording and discard it.

    For its first figures matplotlib searches for fonts and renders their letters. A process from which the processes of
    runs are forked does this once.
    """
    cells, dt_ms, steps = 2, 1.0, 100
    spikes = np.arange(0, steps, 10)
    signals = {
        "v": Signal(
            "v", "mV", np.arange(cells, dtype=np.int32), np.arange(steps, dtype=np.float64), np.eye(steps, cells)
        )
    }
    recording = Recording(
        dt_ms,
        steps * dt_ms,
        {name: population_recording(name, cells, spikes % cells, spikes, dt_ms, signals) for name in ("exc", "inh")},
    )
    with tempfile.TemporaryDirectory(prefix="varesearch_") as folder:
        write_figures(recording, AnalysisConfig(warmup_ms=0.0), "", Path(folder))
