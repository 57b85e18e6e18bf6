"""The page of ``--backends``."""

from collections.abc import Mapping
from pathlib import Path

from varesearch.backends import backends
from varesearch.backends.base import Backend
from varesearch.config.cell import Cell
from varesearch.config.options import check_config_dir
from varesearch.config.parts import parts
from varesearch.pages.layout import columns


def backends_page(config_dir: Path | None = None) -> str:
    """Each back end: version of its simulator, whether it is usable here or why not, its cells and integrators."""
    if config_dir is not None:
        check_config_dir(config_dir)
    return "\n\n".join(_entry(backend, parts(Cell, config_dir)) for backend in backends(config_dir).values())


def _entry(backend: type[Backend], cells: Mapping[str, type[Cell]]) -> str:
    available = backend.availability()
    state = "usable here" if available.usable else f"not usable here: {available.reason}"
    head = f"{backend.name} {available.version}".strip()
    rows = [(model, ", ".join(known)) for model, cell in cells.items() if (known := backend.integrators(cell))]
    return f"{head}: {state}\n{columns(rows)}"
