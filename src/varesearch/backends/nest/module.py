"""Cells that NEST lacks (Izhikevich's with exponential currents): compiled for the installed NEST, kept by content.

A compiler for C++20 is all it takes. NESTML, the usual way to such a cell, cannot be installed beside Hydra 1.3 (they
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
from varesearch.backends.faults import compiler_said

logger = logging.getLogger(__name__)

_NATIVE = Path(__file__).parent / "native"
_INSTEAD = "take cell=izhikevich_delta or backend=brian2"

# As NEST's wheel was compiled (see its nest-config --cflags), less what could change the arithmetic.
_COMPILE = ("-std=c++20", "-O2", "-DNDEBUG", "-fPIC", "-fopenmp", "-ffp-contract=off", "-fno-fast-math")
# Not linked with OpenMP: NEST brings its own copy, and a second one would number the threads anew.
_LINK = ("-shared",)

_OLD_STRINGS = b"ModuleManager7installERKSs"
"""In NEST's library if its strings are those from before C++11 (as in wheels for old systems)."""


def compiler() -> str | None:
    """The C++ compiler: the environment's CXX, else g++, else c++; None if there is none."""
    names = (os.environ.get("CXX"), "g++", "c++")
    return next((found for name in names if name and (found := shutil.which(name))), None)


def missing() -> str:
    """Why the cell cannot be compiled here, as far as a glance tells; ``""`` if it can."""
    if compiler() is None:
        return f"compiled on first use, but there is no C++ compiler; install g++ or name one in CXX, or {_INSTEAD}"
    return ""


def is_compiled(model: str, cache: Path) -> bool:
    """Whether :func:`compiled` would find the cell in ``cache``."""
    program = compiler()
    if program is None:
        return False
    try:
        return bool(PrivateFolder(cache / "nest").find(_file(model, program)[1]))
    except NotPrivateError:
        return False


def _file(model: str, program: str) -> tuple[list[str], str, Path]:
    """The flags for a compiler, the name of the compiled cell, and the folder of NEST."""
    spec = find_spec("nest")
    assert spec is not None
    assert spec.origin is not None
    nest = Path(spec.origin).parent
    strings = "0" if _OLD_STRINGS in next(nest.glob("nestkernel_api*.so")).read_bytes() else "1"
    flags = [*_COMPILE, f"-D_GLIBCXX_USE_CXX11_ABI={strings}"]
    return flags, f"{model}-{_key(program, flags)}", nest


def compiled(model: str, cache: Path, workspace: Workspace) -> Path:
    """The compiled cell for the installed NEST, from ``cache`` or put there. Without its suffix, as NEST wants it.

    ``model`` is NEST's name of the cell, and the name of its source.

    NEST executes the file, so the folder is private: see :mod:`private_folder`. Processes that compile at the same
    time do not disturb each other. Raises BackendUnavailableError (one line) if there is no compiler, if the compiler
    fails (its output is in the log), or if others could write to the folder.
    """
    reason = missing()
    program = compiler()
    if program is None:
        raise BackendUnavailableError(f"cell=izhikevich on backend=nest: {reason}")
    flags, name, nest = _file(model, program)
    try:
        private = PrivateFolder(cache / "nest")
    except NotPrivateError as error:
        raise BackendUnavailableError(f"cell=izhikevich on backend=nest: {error}") from error
    kept = private.find(name)
    if not kept:
        workspace.tell(f"compiling the cell {model} for NEST (about 20 s, once for each version of NEST and compiler)")
        with workspace.phases.phase("compile"), tempfile.TemporaryDirectory(dir=private.path) as work:
            includes = [f"-I{_NATIVE}", "-isystem", str(nest / "include" / "nest")]
            source, object_file, library = _NATIVE / f"{model}.cpp", Path(work) / "cell.o", Path(work) / "cell.so"
            _run([program, *flags, *includes, "-c", str(source), "-o", str(object_file)])
            _run([program, *_LINK, str(object_file), "-o", str(library)])
            kept = [private.keep(library, name)]
    return kept[0].with_suffix("")


def _key(program: str, flags: list[str]) -> str:
    """Of all that determines the compiled file: sources, NEST, compiler and flags."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    content = [path.read_text(encoding="utf-8") for path in sorted(_NATIVE.iterdir()) if path.is_file()]
    parts = [version("nest-simulator"), program, said, *flags, *_LINK, *content]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _run(command: list[str]) -> None:
    logger.debug("%s", " ".join(command))
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in (ran.stdout + ran.stderr).splitlines():
        logger.debug("%s", line)
    if not ran.returncode and (error := compiler_said(logger, command[0], ran.stderr)):
        raise BackendUnavailableError(f"cell=izhikevich on backend=nest: {error}; {_INSTEAD}")
    if ran.returncode:
        said = ran.stderr.splitlines() or ["no message"]
        errors = [line for line in said if "error" in line] or said
        raise BackendUnavailableError(
            f"cell=izhikevich on backend=nest: {command[0]} could not compile it ({errors[0].strip()}); {_INSTEAD}"
        )
