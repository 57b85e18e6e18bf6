"""The cache of translated code: a private folder of shared objects, each for one program."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path

from private_folder import PrivateFolder
from spinnaker_board.layout import CORE


def _generator() -> bytes:
    """A hash of all that translated code depends on, besides the program: this package, the core, the processor."""
    digest = hashlib.sha256(platform.machine().encode())
    for path in [*sorted(Path(__file__).parent.glob("*.py")), *sorted(CORE.glob("*.[ch]"))]:
        digest.update(path.read_bytes())
    return digest.digest()


class Cache:
    """Shared objects, each named by the program it is for and by its own content.

    The folder is made if necessary. Raises NotPrivateError if others than the user can write to it.
    """

    def __init__(self, folder: str | Path) -> None:
        self._private = PrivateFolder(folder)
        self._generator = _generator()

    @property
    def folder(self) -> Path:
        """The absolute path of the folder."""
        return self._private.path

    def key(self, image: bytes) -> str:
        """The name of a program, made from the content of the ITCM when it starts."""
        return hashlib.sha256(self._generator + image).hexdigest()[:40]

    def find(self, key: str) -> list[Path]:
        """The files for a program, oldest first. One whose content does not match its name is removed."""
        return self._private.find(key)

    def keep(self, key: str, made: Path) -> Path:
        """Give a new file in the folder its name."""
        return self._private.keep(made, key)
