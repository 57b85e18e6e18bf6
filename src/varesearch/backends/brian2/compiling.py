"""Make sure that every code object was built, and report what compilers print while they build them.

When Cython cannot compile a code object, Brian2 2.9 to 2.11 raises no exception but leaves the code object out: the
network then runs without its reset, its synapses or its recording. The compiler's output goes to a file that is only
shown if an exception is raised. Here a code object that was not built raises an exception with the compiler's message.
"""

import io
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brian2.codegen.runtime.cython_rt import CythonCodeObject
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.codegen.targets import codegen_targets
from brian2.core.base import BrianObjectException
from brian2.utils.logger import std_silent

from varesearch.backends.faults import SimulatorError, first_error, log_compiler_messages
from varesearch.backends.printed import log_held_back
from varesearch.causes import chain

logger = logging.getLogger(__name__)

_BLOCKS = ("before_run", "run", "after_run")
_EMPTY = "EMPTY_CODE_BLOCK"
"""Brian2's templates write this where there is nothing to do."""


@dataclass
class Output:
    """What compilers wrote to standard error inside :func:`compiler_output`."""

    text: str = ""


@contextmanager
def compiler_output(compiler: str) -> Iterator[Output]:
    """Collect what a compiler that Brian2 starts writes to standard error; log it if the compiler succeeds."""
    output = Output()
    std_silent()  # so that its file exists
    path = Path(std_silent.dest_fname_stderr)
    before = path.stat().st_size
    # Cython writes to sys.stderr, which need not be the file descriptor that Brian2 redirects.
    python = io.StringIO()
    try:
        with redirect_stderr(python), log_held_back():
            yield output
    finally:
        with path.open("rb") as file:
            file.seek(before)
            output.text = file.read().decode(errors="replace") or python.getvalue()
    log_compiler_messages(logger, compiler, output.text)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Raise Brian2's errors with the text of their cause: Brian2 names the failing object, but not what is wrong."""
    try:
        yield
    except BrianObjectException as error:
        *_, reason = chain(error)
        if isinstance(reason, SimulatorError | MemoryError):
            raise
        raise SimulatorError(f"Brian2 could not run the network: {type(reason).__name__}: {reason}") from error


def _compile(code_object: Any, base: type[Any], compiler: str) -> None:
    output = Output()
    try:
        with compiler_output(compiler) as output:
            base.compile(code_object)
            missing = [block for block in _BLOCKS if _has_code(code_object, block) and not _built(code_object, block)]
            if missing:
                raise SimulatorError("not built")
    except Exception as error:
        logger.info("%s:\n%s", compiler, output.text)
        raise SimulatorError(
            f"{compiler} did not build {code_object.name}: {first_error(output.text or str(error))}"
        ) from error


def _has_code(code_object: Any, block: str) -> bool:
    code = getattr(code_object.code, block, "").strip()
    return bool(code) and _EMPTY not in code


def _built(code_object: Any, block: str) -> bool:
    return code_object.compiled_code.get(block) is not None


_FLAGS = ("CFLAGS", "CPPFLAGS", "LDFLAGS")
"""Environment variables whose arguments distutils passes to the compiler, too."""
_ARGUMENTS = "\n# Compiled with "


class CheckedNumpy(NumpyCodeObject):
    """Brian2's numpy code; an error is raised if one of its blocks is missing after compiling."""

    class_name = "varesearch_numpy"

    def compile(self) -> None:
        """Compile the blocks. Raises SimulatorError if one is missing."""
        _compile(self, NumpyCodeObject, "Brian2")


class CheckedCython(CythonCodeObject):
    """Brian2's Cython code; an error is raised if one of its blocks is missing after compiling."""

    class_name = "varesearch_cython"

    def compile(self) -> None:
        """Compile the blocks. Raises SimulatorError with the message of Cython or the C++ compiler."""
        _compile(self, CythonCodeObject, "Cython")

    def compile_block(self, block: str) -> Any:
        """Compile a block with the compiler's arguments as a comment, so that the module's name depends on them.

        Brian2 finds a compiled module by its text alone, in memory and on disk: one that was compiled with other
        arguments would be taken.
        """
        arguments = (self.extra_compile_args, self.extra_link_args, self.define_macros, *map(os.environ.get, _FLAGS))
        if _has_code(self, block):
            text = getattr(self.code, block).strip().partition(_ARGUMENTS)[0]
            setattr(self.code, block, f"{text}{_ARGUMENTS}{arguments!r}")
        return super().compile_block(block)


CHECKED: dict[str, type[CheckedNumpy | CheckedCython]] = {"numpy": CheckedNumpy, "cython": CheckedCython}
"""Code generation target -> the class of its code objects; C++ standalone has :func:`.standalone.compile_program`."""
# The preference names the class: Brian2 2.9 accepts the class itself, as documented, but then does not find it.
codegen_targets.update(CHECKED.values())
