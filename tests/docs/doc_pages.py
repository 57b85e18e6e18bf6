"""What the pages of the documentation ask a reader to type.

A page says a command in one of three ways, and each of them is collected:

* in a fenced block of ``console``: a line that begins with ``$ `` (and those that it continues on, by a backslash);
  what follows up to the next is what it prints, where ``...`` stands for anything;
* in any other block that is no program or data by its name, and in an indented one: a line that begins with ``$ `` or
  with a program's name;
* between back-ticks in a sentence or a table, beginning with a program's name.

Settings (``cell.d=8 seed=2``) and flags (``--seeds 8``) between back-ticks and blocks of ``python`` are collected too,
and where a page changes the sources, its blocks of ``diff`` and those whose title is a file's name.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from varesearch.config.options import GROUPS

TOP = Path(__file__).parents[2]

PROGRAMS = (
    "make|python3?|pip|uv|git|ssh|scp|curl|mlflow|sbatch|srun|squeue|scancel|sacct|sinfo|ray|optuna|source|export|cd|mkdir|"
    "docker|apt-get|sudo|chromium|zensical|pytest|ruff|pyright|varesearch|spinnaker-board"
)
"""Whatever of these begins a line of a block is a command; a new one has to be named here."""

_COMMAND = re.compile(rf"^(?:\$ |(?:[A-Z_]+=\S+ )*(?:\.venv/bin/\S+|\. |(?:{PROGRAMS})(?=\s|$)))")
_SPAN_COMMAND = re.compile(rf"^(?:[A-Z_]+=\S+ )*(?:\.venv/bin/\S+ |\. \S|(?:{PROGRAMS}) \S)")
_SETTING = re.compile(r"^([a-z_]+)(?:\.[a-zA-Z_]+)*=")
_OWN_KEYS = frozenset({"seed", "verbose", "dry_run", "fail", "rerun"})
_NO_COMMANDS = frozenset({"text", "yaml", "toml", "ini", "json", "csv", "diff", "python", "pycon", "html", "c"})
_FENCE = re.compile(r"^(\s*)(```+|~~~+) *([\w+-]*) *(.*)$")
_TITLE = re.compile(r'title="([^"]+)"')

Kind = Literal["command", "settings", "flags", "python"]


@dataclass(frozen=True)
class Item:
    """``text`` of a ``kind`` in line ``line`` of ``page``.

    ``expected``: what it prints, None if the page does not say; ``inline``: it stands between back-ticks.
    """

    page: str
    line: int
    kind: Kind
    text: str
    expected: str | None = None
    inline: bool = False

    @property
    def where(self) -> str:
        """To be found by."""
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Change:
    """A change of the sources: a diff, or a new file of this ``path``."""

    path: str | None
    text: str


@dataclass(frozen=True)
class Page:
    """A page, its items in their order, and its changes of the sources."""

    path: str
    items: tuple[Item, ...]
    changes: tuple[Change, ...]

    def of(self, kind: Kind) -> tuple[Item, ...]:
        """The items of one kind."""
        return tuple(item for item in self.items if item.kind == kind)


def all_pages() -> list[Page]:
    """Every page that people read: the site's, README and CONTRIBUTING, the board's, the studies' (no copies)."""
    found = [TOP / "README.md", TOP / "CONTRIBUTING.md", TOP / "src" / "spinnaker_board" / "README.md"]
    found += sorted(path for path in (TOP / "docs").rglob("*.md") if path.parent.name != "studies")
    found += sorted((TOP / "experiments").rglob("README.md"))
    return [read_page(path.relative_to(TOP).as_posix(), path.read_text(encoding="utf-8")) for path in found]


def read_page(name: str, text: str) -> Page:
    """Collect what a page asks to be typed. Raises ValueError for a ``console`` block without a command."""
    items: list[Item] = []
    changes: list[Change] = []
    prose: list[tuple[int, str]] = []
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        begin, line = number, lines[number]
        number += 1
        fence = _FENCE.match(line)
        if fence:
            block = []
            while number < len(lines) and not lines[number].strip().startswith(fence[2]):
                block.append(lines[number].removeprefix(fence[1]))
                number += 1
            number += 1
            _read_block(name, begin + 1, fence[3], fence[4], block, items, changes)
        elif line.startswith("    ") and (begin == 0 or not lines[begin - 1].strip()):
            while number < len(lines) and (lines[number].startswith("    ") or not lines[number].strip()):
                number += 1
            items += _commands(name, begin, [each.removeprefix("    ") for each in lines[begin:number]])
        else:
            prose.append((begin + 1, line))
    items += _spans(name, prose)
    return Page(name, tuple(sorted(items, key=lambda item: item.line)), tuple(changes))


def _read_block(
    page: str, line: int, language: str, rest: str, block: list[str], items: list[Item], changes: list[Change]
) -> None:
    title = _TITLE.search(rest)
    if title or language == "diff":
        changes.append(Change(title[1] if title else None, "\n".join(block) + "\n"))
    elif language == "python":
        items.append(Item(page, line, "python", "\n".join(block)))
    elif language not in _NO_COMMANDS:
        found = _commands(page, line, block)
        if language == "console" and not found:
            raise ValueError(f"{page}:{line}: a block of console without a line that begins with '$ '")
        items += found


def _commands(page: str, line: int, block: list[str]) -> list[Item]:
    prompted = any(each.startswith("$ ") for each in block)
    found: list[Item] = []
    number = 0
    while number < len(block):
        begin, text = number, block[number]
        number += 1
        if not (text.startswith("$ ") if prompted else _COMMAND.match(text)):
            continue
        while text.endswith("\\") and number < len(block):
            text = text[:-1].rstrip() + " " + block[number].strip()
            number += 1
        printed = []
        while prompted and number < len(block) and not block[number].startswith("$ "):
            printed.append(block[number])
            number += 1
        expected = "\n".join(printed).strip()
        found.append(Item(page, line + begin + 1, "command", text.removeprefix("$ ").strip(), expected or None))
    return found


def _spans(page: str, prose: list[tuple[int, str]]) -> list[Item]:
    """Commands and settings between back-ticks; a span may run over the end of a line, not of a paragraph."""
    items = []
    paragraph: list[tuple[int, str]] = []
    for number, line in [*prose, (0, "")]:
        if line.strip() and not line.startswith("|"):
            paragraph.append((number, line))
            continue
        if paragraph:
            items += _spans_of(page, paragraph[0][0], "\n".join(each for _, each in paragraph))
            paragraph = []
        if line.strip():
            items += _spans_of(page, number, line)
    return items


def _spans_of(page: str, line: int, text: str) -> list[Item]:
    items = []
    for found in re.finditer(r"(?<!`)`([^`]+)`(?!`)", text):
        span = " ".join(found[1].split()).removeprefix("$ ")
        at = line + text.count("\n", 0, found.start())
        if _SPAN_COMMAND.match(span):
            items.append(Item(page, at, "command", span, inline=True))
        elif span.startswith("--") and len(span) > 2:
            items.append(Item(page, at, "flags", span, inline=True))
        elif is_settings(span):
            items.append(Item(page, at, "settings", span, inline=True))
    return items


def is_settings(span: str) -> bool:
    """Are these words for the command line, each a known group's or key's?"""
    try:
        words = shlex.split(span)
    except ValueError:
        return False
    heads = [_SETTING.match(word) for word in words]
    return bool(words) and all(head is not None and head[1] in {*GROUPS, *_OWN_KEYS} for head in heads)
