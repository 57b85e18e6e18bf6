"""Checks of the back ends: installed, in which version, and right."""

import shutil
from collections.abc import Iterator

from varesearch.backends import backend_class
from varesearch.config.cell import Cell
from varesearch.config.parts import parts
from varesearch.doctor.answers import ask
from varesearch.doctor.finding import Finding, State
from varesearch.tracking.root import cache_folder

_LATER = "it needs a compiler and a minute; --full does it"


def brian2(full: bool) -> Iterator[Finding]:
    """Brian2, with each of its code generation targets."""
    from varesearch.backends.brian2.backend import TOOLS

    if not (yield from _installed("brian2")):
        return
    for target, tools in TOOLS.items():
        what = f"known answer codegen={target}"
        missing = [tool for tool in tools if shutil.which(tool) is None]
        if missing:
            mend = f"install {missing[0]}, or keep to backend.codegen=numpy, which needs no compiler"
            yield Finding("brian2", what, State.ABSENT, f"{missing[0]} is not found", mend)
        elif tools and not full:
            yield Finding("brian2", what, State.SKIPPED, _LATER)
        else:
            yield ask("brian2", [f"backend.codegen={target}"])


def nest(full: bool) -> Iterator[Finding]:
    """NEST, and the cell that is compiled for it."""
    from varesearch.backends.nest.module import is_compiled, missing
    from varesearch.backends.nest.translation import compiled_model

    if not (yield from _installed("nest")):
        return
    models = {name: compiled_model(cell) for name, cell in parts(Cell).items()}
    yield ask("nest", models=[name for name, model in models.items() if model is None])
    for name, model in models.items():
        if model is None:
            continue
        what = f"known answer of cell={name}"
        if missing():
            yield Finding("nest", what, State.ABSENT, "there is no C++ compiler", missing())
        elif not full and not is_compiled(model, cache_folder()):
            yield Finding("nest", what, State.SKIPPED, _LATER)
        else:
            found = ask("nest", models=[name])
            yield Finding("nest", what, found.state, found.found, found.mend)


def spinnaker(full: bool) -> Iterator[Finding]:
    """sPyNNaker on the software board."""
    from varesearch.backends.spinnaker.machines.software import MISSING, is_built

    if not (yield from _installed("spinnaker")):
        return
    if is_built():
        yield ask("spinnaker", ["backend.machine=software"])
    else:
        yield Finding("spinnaker", "software board", State.BROKEN, "its C extension is not built", MISSING)


def _installed(name: str) -> Iterator[Finding]:
    """Whether the back end can be used here; the generator returns that, too."""
    found = backend_class(name).availability()
    if found.usable:
        yield Finding(name, "installed", State.OK, found.version)
    else:
        yield Finding(name, "installed", State.BROKEN if found.version else State.ABSENT, *_halves(found.reason))
    return found.usable


def _halves(reason: str) -> tuple[str, str]:
    what, _, mend = reason.partition(": ")
    return what, mend
