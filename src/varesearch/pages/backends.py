"""The page of ``--backends``."""

from collections.abc import Mapping
from pathlib import Path

from varesearch.backends import BACKENDS, backend_class
from varesearch.config.cell import Cell
from varesearch.config.options import check_config_dir
from varesearch.config.parts import parts
from varesearch.pages.layout import columns


def backends_page(config_dir: Path | None = None) -> str:
    """Each back end: version of its simulator, whether it is usable here or why not, its cells and integrators."""
    if config_dir is not None:
        check_config_dir(config_dir)
    return "\n\n".join(_entry(name, parts(Cell, config_dir)) for name in BACKENDS)


def _entry(name: str, cells: Mapping[str, type[Cell]]) -> str:
    backend = backend_class(name)
    available = backend.availability()
    state = "usable here" if available.usable else f"not usable here: {available.reason}"
    head = f"{name} {available.version}".strip()
    rows = [(model, ", ".join(known)) for model, cell in cells.items() if (known := backend.integrators(cell))]
    return f"{head}: {state}\n{columns(rows)}"
