"""Plain text in two columns that fits the terminal."""

import shutil
import textwrap
from collections.abc import Iterable

_WIDEST = 110


def columns(rows: Iterable[tuple[str, str]], indent: int = 2) -> str:
    """Names on the left, as wide as the longest; texts on the right, wrapped to the terminal's width."""
    pairs = list(rows)
    left = max((len(name) for name, _ in pairs), default=0) + indent + 2
    width = min(shutil.get_terminal_size((_WIDEST, 24)).columns, _WIDEST)
    lines: list[str] = []
    for name, text in pairs:
        wrapped = textwrap.wrap(text, max(width - left, 30), break_long_words=False, break_on_hyphens=False) or [""]
        lines.append(f"{' ' * indent}{name}".ljust(left) + wrapped[0])
        lines += [" " * left + line for line in wrapped[1:]]
    return "\n".join(line.rstrip() for line in lines)
