"""Translated code on disk: a private folder of shared objects, by the program that each is for."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path

from private_folder import PrivateFolder
from spinnaker_board.layout import CORE


def _generator() -> bytes:
    """Hash of what the files depend on besides the program: this package, the core and the kind of processor."""
    digest = hashlib.sha256(platform.machine().encode())
    for path in [*sorted(Path(__file__).parent.glob("*.py")), *sorted(CORE.glob("*.[ch]"))]:
        digest.update(path.read_bytes())
    return digest.digest()


class Cache:
    """Shared objects, each named by the program it is for and by its own content.

    :param folder: is made, with access for the user alone
    :raises NotPrivateError: the folder cannot be trusted, or used
    """

    def __init__(self, folder: str | Path) -> None:
        self._private = PrivateFolder(folder)
        self._generator = _generator()

    @property
    def folder(self) -> Path:
        """The folder, absolute."""
        return self._private.path

    def key(self, image: bytes) -> str:
        """Name of a program: the content of its ITCM when it is started."""
        return hashlib.sha256(self._generator + image).hexdigest()[:40]

    def find(self, key: str) -> list[Path]:
        """Files of translated code for a program, oldest first. One that is not what its name says is removed."""
        return self._private.find(key)

    def keep(self, key: str, made: Path) -> Path:
        """Moves a new file, which lies in the folder, to its name."""
        return self._private.keep(made, key)
