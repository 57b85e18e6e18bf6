"""Files that are complete or not there, whatever happens to the process that writes them."""

import contextlib
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{8}\.part(\..*)?")


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield the path of a temporary file, which takes the name ``path`` when the block ends without an error.

    After an error the temporary file is removed, and what was at ``path`` is still there. If the process is killed,
    the temporary file stays until :func:`remove_unfinished`. It has the suffix of ``path``, since some writers choose
    the format by it.
    """
    stem = path.stem.lstrip(".")
    temporary = path.with_name(f".{stem}.{secrets.token_hex(4)}.part{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def remove_unfinished(folder: Path) -> None:
    """Remove the temporary files that a process left in ``folder`` or below when it was killed."""
    with contextlib.suppress(OSError):
        for path in folder.rglob(".*.part*"):
            if _UNFINISHED.fullmatch(path.name) and path.is_file() and not path.is_symlink():
                path.unlink(missing_ok=True)
