"""The process that translates: ``python -m spinnaker_board.translation.worker``, with a request on standard input.

It runs at the lowest priority, takes one to three seconds, and puts its result into the cache even if the board has
stopped in the meantime. The compiler is stopped after `_LIMIT_S`.
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
_FLAGS = ("-std=gnu11", "-O1", "-w", "-fPIC", "-shared")  # -O2 takes twice as long and makes no faster code
_COMPILERS = ("cc", "gcc", "clang")


def find_compiler() -> list[str] | None:
    """The command of the C compiler: the variable CC, or the first one that is installed; None if there is none."""
    wanted = os.environ.get("CC", "").split()
    candidates = [wanted] if wanted else [[name] for name in _COMPILERS]
    return next((command for command in candidates if shutil.which(command[0])), None)


@dataclass(frozen=True)
class Request:
    """The request, as JSON: the folder of the cache, the program's name there, and the arguments of `hot_parts`."""

    folder: str
    key: str
    image: str  # base64
    entered: list[int]
    heat: list[tuple[int, int]]
    excluded: list[int]


def compile_parts(text: str, folder: Path, compiler: list[str]) -> Path:
    """Compile a C file to a shared object in a folder.

    Raises subprocess.SubprocessError if the compiler fails or takes too long.
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
    """Translate; return 0 also if there is nothing to translate or another process does it, 1 without a compiler."""
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
        parts = hot_parts(base64.b64decode(asked.image), asked.entered, dict(asked.heat), asked.excluded)
        if parts:
            cache.keep(key, compile_parts(source(parts), cache.folder, compiler))
    return 0


if __name__ == "__main__":
    sys.exit(main())
