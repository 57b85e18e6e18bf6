"""Commands for display, quoted so that a shell splits them into the same words."""

import shlex
from collections.abc import Iterable


def quoted(words: Iterable[str]) -> str:
    """Return the words quoted for a shell, such as ``'seed=range(5)'``."""
    return shlex.join(words)


def command(*words: str) -> str:
    """Return the command ``varesearch WORDS``, ready to be pasted into a shell."""
    return shlex.join(["varesearch", *words])


def code_span(text: str) -> str:
    """Return the text as code in Markdown, even if it contains back-ticks (CommonMark 6.1, code spans)."""
    fence = "`"
    while fence in text:
        fence += "`"
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"
