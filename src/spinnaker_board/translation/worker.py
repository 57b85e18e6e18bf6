"""The process that translates: ``python -m spinnaker_board.translation.worker``, a request on standard input.

It works at the lowest priority and leaves its result in the cache, also when the board that asked is gone by then.
That takes one to three seconds; the compiler is stopped after `_LIMIT_S`.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from spinnaker_board.layout import CORE
from spinnaker_board.translation.cache import Cache
from spinnaker_board.translation.parts import hot_parts
from spinnaker_board.translation.source import source

_LIMIT_S = 120
_FLAGS = ("-std=gnu11", "-O1", "-w", "-fPIC", "-shared")  # -O2 takes twice the time, and the code is no faster
_COMPILERS = ("cc", "gcc", "clang")


def find_compiler() -> list[str] | None:
    """The command of the C compiler: the variable CC, or the first that is installed; None when there is none."""
    wanted = os.environ.get("CC", "").split()
    candidates = [wanted] if wanted else [[name] for name in _COMPILERS]
    return next((command for command in candidates if shutil.which(command[0])), None)


@dataclass(frozen=True)
class Request:
    """What the process reads, as JSON: the cache, the program's name there, and the arguments of `hot_parts`."""

    folder: str
    key: str
    image: str  # base64
    entered: list[int]
    heat: list[tuple[int, int]]
    barred: list[int]


def compile_parts(text: str, folder: Path, compiler: list[str]) -> Path:
    """Compiles a C file to a shared object in the folder.

    :raises subprocess.SubprocessError: the compiler failed, or did not end
    """
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "parts.c"
        file.write_text(text)
        handle, made = tempfile.mkstemp(suffix=".new", dir=folder)
        os.close(handle)
        try:
            subprocess.run([*compiler, *_FLAGS, f"-I{CORE}", "-o", made, str(file)], check=True, timeout=_LIMIT_S)
            Path(made).chmod(0o600)
        except BaseException:
            Path(made).unlink(missing_ok=True)
            raise
    return Path(made)


def main() -> int:
    """Translates; returns 0 also when there is nothing to translate, or when another process does it."""
    os.nice(19)
    asked = Request(**json.loads(sys.stdin.buffer.read()))
    cache, key, compiler = Cache(asked.folder), asked.key, find_compiler()
    if compiler is None:
        return 1
    with (cache.folder / f"{key}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        parts = hot_parts(base64.b64decode(asked.image), asked.entered, dict(asked.heat), asked.barred)
        if parts:
            cache.keep(key, compile_parts(source(parts), cache.folder, compiler))
    return 0


if __name__ == "__main__":
    sys.exit(main())
