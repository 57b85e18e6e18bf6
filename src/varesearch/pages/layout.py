"""Plain text that fits the terminal: two columns, paragraphs, commands.

This wraps with the standard library's textwrap. A table of rich would cost every ``--help`` 0.04 s of CPU of its 0.4,
and would break a long name in two, where here it gets a line of its own; click breaks flags at their hyphens.
"""

import re
import shutil
import textwrap
from collections.abc import Iterable

_WIDEST = 110
_NARROW = 80
"""The width if there is no terminal and COLUMNS is not set."""
_LEAST_TEXT = 30


def width() -> int:
    """The terminal's width in characters, limited to what is easy to read; 80 without a terminal."""
    return min(_columns_here(), _WIDEST)


def columns(rows: Iterable[tuple[str, str]], indent: int = 2, to: int | None = None) -> str:
    """Names on the left, texts on the right, wrapped to ``to`` characters (default: the terminal's width).

    The left column is as wide as the longest name that leaves enough room for the texts; longer names get their own
    line.
    """
    pairs, to = list(rows), to or width()
    most = max((to - indent - 2) // 2, to - indent - 2 - 2 * _LEAST_TEXT)
    left = max((len(name) for name, _ in pairs if len(name) <= most), default=8) + indent + 2
    lines: list[str] = []
    for name, text in pairs:
        wrapped = _wrapped(text, max(to - left, _LEAST_TEXT)) or [""]
        if len(name) > left - indent - 2:
            lines += [" " * indent + name, *(" " * left + line for line in wrapped)]
        else:
            lines.append(f"{' ' * indent}{name}".ljust(left) + wrapped[0])
            lines += [" " * left + line for line in wrapped[1:]]
    return "\n".join(line.rstrip() for line in lines if line.strip())


def paragraph(text: str, to: int | None = None) -> str:
    """A text, wrapped to ``to`` characters (default: the terminal's width)."""
    return "\n".join(_wrapped(text, to or width()))


def shell_lines(command: str, indent: int = 2) -> str:
    """A command, split between its words into several lines if the terminal is too narrow for it."""
    lines = [" " * indent]
    for word in re.findall(r"'[^']*'|\S+", command):
        if len(lines[-1]) + len(word) + 2 > _columns_here() and lines[-1].strip():
            lines[-1] += "\\"
            lines.append(" " * (indent + 4))
        lines[-1] += f"{word} "
    return "\n".join(line.rstrip() for line in lines)


def _columns_here() -> int:
    return shutil.get_terminal_size((_NARROW, 24)).columns


def _wrapped(text: str, to: int) -> list[str]:
    return textwrap.wrap(text, to, break_long_words=False, break_on_hyphens=False)
