"""Translated code on disk. What is loaded from here is executed, so the folder must be the user's own and private."""

from __future__ import annotations

import hashlib
import os
import platform
import stat
from pathlib import Path

_CONTENT_DIGITS = 32


class CacheError(Exception):
    """A folder that cannot be trusted, or used."""


def _generator() -> bytes:
    """Hash of what the files depend on besides the program: this package and the kind of processor."""
    digest = hashlib.sha256(platform.machine().encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


class Cache:
    """A folder of shared objects, each named by the program it is for and by its own content.

    :param folder: is made, with access for the user alone
    :raises CacheError: the folder belongs to another user, can be written by others, or cannot be made
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).absolute()
        self._generator = _generator()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = self.folder.lstat()
        except OSError as error:
            raise CacheError(f"{self.folder}: {error.strerror}") from error
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise CacheError(f"{self.folder} must be a folder of yours with access for you alone (chmod 700)")

    def key(self, image: bytes) -> str:
        """Name of a program: the content of its ITCM when it is started."""
        return hashlib.sha256(self._generator + image).hexdigest()[:40]

    def find(self, key: str) -> list[Path]:
        """Files of translated code for a program, oldest first. One that is not what its name says is removed."""
        found = []
        for path in self.folder.glob(f"{key}-*.so"):
            content = _content(path)
            if content is None:
                continue
            if path.name != f"{key}-{content}.so":
                path.unlink(missing_ok=True)
                continue
            found.append(path)
        return sorted(found, key=lambda path: path.stat().st_mtime_ns)

    def keep(self, key: str, made: Path) -> Path:
        """Moves a new file, which lies in the folder, to its name."""
        path = self.folder / f"{key}-{_content(made)}.so"
        made.replace(path)
        return path


def _content(path: Path) -> str | None:
    """Hash of a regular file of the user's own that nobody else can write; None for anything else."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o022:
                return None
            return hashlib.sha256(file.read()).hexdigest()[:_CONTENT_DIGITS]
    except OSError:
        return None
