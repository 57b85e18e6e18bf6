"""Text for terminals that lack some characters: a missing character is replaced by similar ones in ASCII."""

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
    """Return a text in ASCII: letters without accents, and ``?`` for what has no similar character.

    Examples
    --------
    >>> plain("0.004 µS ± 2 %")
    '0.004 uS +- 2 %'
    """
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
    """Make text streams replace characters that their encoding lacks, instead of raising UnicodeEncodeError."""
    for stream in streams:
        # A stream of another kind, or one that is already closed, is left as it is.
        with contextlib.suppress(AttributeError, ValueError, io.UnsupportedOperation):
            stream.reconfigure(errors=PLAIN)


def standard_streams_never_fail() -> None:
    """Apply :func:`never_fail` to the standard output and error of this process."""
    never_fail(*(stream for stream in (sys.stdout, sys.stderr) if stream is not None))
