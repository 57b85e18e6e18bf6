"""The page of ``--backends``."""

from varesearch.backends import BACKENDS, backend_class
from varesearch.pages.layout import columns


def backends_page() -> str:
    """Each back end: version of its simulator, whether it is usable here or why not, its cells and integrators."""
    return "\n\n".join(_entry(name) for name in BACKENDS)


def _entry(name: str) -> str:
    backend = backend_class(name)
    available = backend.availability()
    state = "usable here" if available.usable else f"not usable here: {available.reason}"
    head = f"{name} {available.version}".strip()
    rows = [(model, ", ".join(integrators)) for model, integrators in backend.cells.items()]
    return f"{head}: {state}\n{columns(rows)}"
