"""Text for terminals that cannot show all of it: a sign that is missing is written with those that are there."""

import codecs
import contextlib
import io
import sys
import unicodedata
from typing import Any

PLAIN = "varesearch.plain"
"""The name of the error handler, for ``open`` and the like."""

_SIGNS = {
    "µ": "u", "μ": "u", "²": "^2", "³": "^3", "×": "x", "·": ".", "±": "+-", "−": "-", "–": "-", "—": "-", "‑": "-",
    "…": "...", "→": "->", "←": "<-", "≥": ">=", "≤": "<=", "≈": "~", "°": " deg", "‘": "'", "’": "'", "“": '"',
    "”": '"', "•": "*",
}  # fmt: skip


def plain(text: str) -> str:
    """The text in ASCII: ``0.004 µS`` as ``0.004 uS``, letters without accents, ``?`` for what has no likeness."""
    return "".join(sign if sign.isascii() else _SIGNS.get(sign) or _without_accent(sign) for sign in text)


def _without_accent(sign: str) -> str:
    alike = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return alike or "?"


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain(error.object[error.start : error.end]), error.end


codecs.register_error(PLAIN, _replace)


def never_fail(*streams: Any) -> None:
    """Let text streams write signs that their encoding lacks in plain ones, in place of raising UnicodeEncodeError."""
    for stream in streams:
        # Somebody else's stream, or one that was closed before we began: it is as it is.
        with contextlib.suppress(AttributeError, ValueError, io.UnsupportedOperation):
            stream.reconfigure(errors=PLAIN)


def standard_streams_never_fail() -> None:
    """:func:`never_fail` for the standard output and error of this process."""
    never_fail(*(stream for stream in (sys.stdout, sys.stderr) if stream is not None))
