"""Folders whose files are executed: they must be the user's own, out of reach of others, and unchanged.

Compiled code is loaded into the process, so whoever can write it can do whatever the user can. The one rule for every
folder of such files: it belongs to the user and is closed to everybody else (mode 700); nobody else can replace a
folder or a link on the way to it; a file in it is the user's own, and its name holds the hash of its content, which is
compared before the file is used.

A package of its own, because the harness and the software board share the rule and the board imports no harness.
"""

from __future__ import annotations

import glob
import grp
import hashlib
import os
import pwd
import stat
from contextlib import suppress
from pathlib import Path

_CONTENT_DIGITS = 32
_MOST_LINKS = 40
_ROOT = 0


class NotPrivateError(Exception):
    """A folder that cannot be trusted, or used; the text says which and why, in one line."""


class PrivateFolder:
    """A folder of files that are executed, each named by what it is for and by its own content.

    Parameters
    ----------
    folder
        Is made, with access for the user alone, and so are the missing folders above it.

    Raises
    ------
    NotPrivateError
        The folder belongs to another user, can be read or written by others, can be replaced by others, or cannot be
        made.
    """

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder).absolute()
        try:
            # Before, so that nothing is made where it could not be used, and after, for what was made.
            reason = replaceable(self.path.parent)
            if reason is None:
                _make(self.path)
                reason = replaceable(self.path.parent)
            if reason is not None:
                raise NotPrivateError(f"{self.path} is not safe from others: {reason}")
            status = self.path.lstat()
        except OSError as error:
            raise NotPrivateError(f"{self.path}: {error.strerror}") from error
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise NotPrivateError(f"{self.path} must be a folder of yours with access for you alone (chmod 700)")

    def find(self, name: str, suffix: str = ".so") -> list[Path]:
        """Files that were kept under a name, oldest first. One whose content is not what its name says is removed."""
        found = []
        for path in self.path.glob(f"{glob.escape(name)}-*{suffix}"):
            content = own_content(path)
            if content is not None and path.name == f"{name}-{content}{suffix}":
                found.append(path)
            else:
                with suppress(OSError):
                    path.unlink()
        return sorted(found, key=lambda path: path.stat().st_mtime_ns)

    def keep(self, made: Path, name: str, suffix: str = ".so") -> Path:
        """Move a new file, which lies on the same file system, to its place in the folder; return that."""
        made.chmod(0o600)
        path = self.path / f"{name}-{own_content(made)}{suffix}"
        made.replace(path)
        return path


def own_content(path: Path) -> str | None:
    """Hash of a regular file of the user's own that nobody else can write; None for anything else, links included."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
                return None
            return hashlib.file_digest(file, "sha256").hexdigest()[:_CONTENT_DIGITS]
    except OSError:
        return None


def replaceable(path: Path) -> str | None:
    """Why somebody else could put another file or folder at an absolute path; None if nobody but root can.

    Every folder and every symbolic link on the way must belong to the user or to root. A folder must be writable by
    its owner alone or, like ``/tmp``, be sticky: there nobody can rename what is not his. What does not exist yet, at
    the end of the path, is not looked at.
    """
    trusted = _trusted_owners()
    here, ahead, links = Path("/"), list(reversed(path.parts[1:])), 0
    while True:
        try:
            status = here.lstat()
        except FileNotFoundError:
            return None
        if status.st_uid not in trusted:
            return f"{here} belongs to {_user(status.st_uid)}"
        if stat.S_ISLNK(status.st_mode):
            links += 1
            if links > _MOST_LINKS:
                return f"{here} is one of too many symbolic links"
            target = here.readlink()
            ahead.extend(reversed(target.parts[1:] if target.is_absolute() else target.parts))
            here = Path("/") if target.is_absolute() else here.parent
            continue
        if others_can_write(here, status) and not status.st_mode & stat.S_ISVTX:
            return f"others can write to {here}"
        if not ahead:
            return None
        part = ahead.pop()
        here = here.parent if part == ".." else here / part


def others_can_write(path: Path, status: os.stat_result) -> bool:
    """Whether users other than its owner and root can write to a file or folder.

    A group that holds the owner alone is no other user: many systems give every user such a group, and files that it
    can write.
    """
    if status.st_mode & stat.S_IWOTH:
        return True
    return bool(status.st_mode & stat.S_IWGRP) and not _of_one(status.st_gid, status.st_uid, path)


def _of_one(group: int, user: int, path: Path) -> bool:
    try:
        if "system.posix_acl_access" in os.listxattr(path):  # the group's bits then speak for further users
            return False
        entry, owner = grp.getgrgid(group), pwd.getpwuid(user)
    except (OSError, KeyError):
        return False
    return entry.gr_name == owner.pw_name and owner.pw_gid == group and set(entry.gr_mem) <= {owner.pw_name}


def _trusted_owners() -> frozenset[int]:
    """The user and root; in a user namespace also the owner of what lies outside it, who is shown as nobody."""
    trusted = {os.geteuid(), _ROOT}
    try:
        mapping = Path("/proc/self/uid_map").read_text().split()
        if mapping != ["0", "0", "4294967295"]:
            trusted.add(int(Path("/proc/sys/kernel/overflowuid").read_text()))
    except (OSError, ValueError):
        pass
    return frozenset(trusted)


def _user(uid: int) -> str:
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user {uid}"


def _make(path: Path) -> None:
    for folder in (*reversed(path.parents), path):
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            pass
        except OSError:
            if not folder.is_dir():
                raise
