"""Compile cells that NEST lacks for the installed NEST, and keep them under a name made from their content.

Only a compiler for C++20 is needed. NESTML, the usual way to add a cell, cannot be installed beside Hydra 1.3 (they
need different versions of the ANTLR runtime), and its build asks for the headers of Boost, GSL and libltdl.
"""

import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from private_folder import NotPrivateError, PrivateFolder
from varesearch.backends.base import BackendUnavailableError, Workspace
from varesearch.backends.check import or_another_backend
from varesearch.backends.faults import log_compiler_messages
from varesearch.backends.nest.translation import compiled_model
from varesearch.config.cell import Cell
from varesearch.config.parts import part_name

logger = logging.getLogger(__name__)

_NATIVE = Path(__file__).parent / "native"

# As NEST's wheel was compiled (see its nest-config --cflags), less what could change the arithmetic.
_COMPILE = ("-std=c++20", "-O2", "-DNDEBUG", "-fPIC", "-fopenmp", "-ffp-contract=off", "-fno-fast-math")
# Not linked with OpenMP: NEST brings its own copy, and a second one would number the threads anew.
_LINK = ("-shared",)

_OLD_STRINGS = b"ModuleManager7installERKSs"
"""In NEST's library if its strings are those from before C++11 (as in wheels for old systems)."""


def compiler() -> str | None:
    """Return the C++ compiler: the environment's CXX, else g++, else c++; None if there is none."""
    names = (os.environ.get("CXX"), "g++", "c++")
    return next((found for name in names if name and (found := shutil.which(name))), None)


def no_compiler(cell: type[Cell]) -> str:
    """Return a message that no C++ compiler is installed to compile ``cell``; ``""`` if there is one."""
    if compiler() is not None:
        return ""
    return (
        f"compiled on first use, but there is no C++ compiler; install g++ or name one in CXX, or {_alternatives(cell)}"
    )


def _alternatives(cell: type[Cell]) -> str:
    return f"take a cell that is not compiled{or_another_backend(cell, instead_of='nest')}"


def _unavailable(cell: type[Cell], reason: str) -> BackendUnavailableError:
    return BackendUnavailableError(f"cell={part_name(cell)} on backend=nest: {reason}")


def is_compiled(model: str, cache: Path) -> bool:
    """Return whether :func:`compile_cell` would find the compiled ``model`` in ``cache``."""
    program = compiler()
    if program is None:
        return False
    try:
        return bool(PrivateFolder(cache / "nest").find(_build_of(model, program)[1]))
    except NotPrivateError:
        return False


def _build_of(model: str, program: str) -> tuple[list[str], str, Path]:
    """Return the compiler's flags, the name of the compiled cell, and the folder of NEST."""
    spec = find_spec("nest")
    assert spec is not None
    assert spec.origin is not None
    nest = Path(spec.origin).parent
    strings = "0" if _OLD_STRINGS in next(nest.glob("nestkernel_api*.so")).read_bytes() else "1"
    flags = [*_COMPILE, f"-D_GLIBCXX_USE_CXX11_ABI={strings}"]
    return flags, f"{model}-{_key(program, flags)}", nest


def compile_cell(cell: type[Cell], cache: Path, workspace: Workspace) -> Path:
    """Compile a cell for the installed NEST, unless the cache holds it already.

    NEST executes the file, so the folder is private: see :mod:`private_folder`. Processes that compile at the same
    time do not disturb each other.

    Parameters
    ----------
    cell
        A cell whose model is compiled (:func:`~varesearch.backends.nest.translation.compiled_model`); the model's name
        is also the name of its source file.
    cache
        The folder that keeps compiled code.
    workspace
        Announces a compilation, and times it as the phase ``compile``.

    Returns
    -------
    Path
        The library without its suffix, as NEST's ``Install`` takes it.

    Raises
    ------
    BackendUnavailableError
        There is no compiler, the compiler failed (its output is in the log), or others could write to the folder.
    """
    model = compiled_model(cell)
    assert model is not None
    program = compiler()
    if program is None:
        raise _unavailable(cell, no_compiler(cell))
    flags, name, nest = _build_of(model, program)
    try:
        private = PrivateFolder(cache / "nest")
    except NotPrivateError as error:
        raise _unavailable(cell, str(error)) from error
    kept = private.find(name)
    if not kept:
        workspace.tell(f"compiling the cell {model} for NEST (about 20 s, once for each version of NEST and compiler)")
        with workspace.phases.phase("compile"), tempfile.TemporaryDirectory(dir=private.path) as work:
            includes = [f"-I{_NATIVE}", "-isystem", str(nest / "include" / "nest")]
            source, object_file, library = _NATIVE / f"{model}.cpp", Path(work) / "cell.o", Path(work) / "cell.so"
            _run(cell, [program, *flags, *includes, "-c", str(source), "-o", str(object_file)])
            _run(cell, [program, *_LINK, str(object_file), "-o", str(library)])
            kept = [private.keep(library, name)]
    return kept[0].with_suffix("")


def _key(program: str, flags: list[str]) -> str:
    """Return a hash of everything that determines the compiled file: sources, NEST, compiler and flags."""
    compiler_version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    content = [path.read_text(encoding="utf-8") for path in sorted(_NATIVE.iterdir()) if path.is_file()]
    parts = [version("nest-simulator"), program, compiler_version, *flags, *_LINK, *content]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _run(cell: type[Cell], command: list[str]) -> None:
    logger.debug("%s", " ".join(command))
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in (process.stdout + process.stderr).splitlines():
        logger.debug("%s", line)
    if not process.returncode and (error := log_compiler_messages(logger, command[0], process.stderr)):
        raise _unavailable(cell, f"{error}; {_alternatives(cell)}")
    if process.returncode:
        lines = process.stderr.splitlines() or ["no message"]
        errors = [line for line in lines if "error" in line] or lines
        raise _unavailable(cell, f"{command[0]} could not compile it ({errors[0].strip()}); {_alternatives(cell)}")
