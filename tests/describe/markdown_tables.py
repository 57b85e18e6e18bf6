"""Read the tables of a description back from its Markdown, as a reader would."""

import re

_BAR = re.compile(r"(?<!\\)\|")


def plain(text: str) -> str:
    """The text without marks: no code, no escapes."""
    return re.sub(r"\\([\\*|<\[\]#_])", r"\1", text.replace("`", "")).strip()


def tables(text: str) -> dict[str, list[dict[str, str]]]:
    """Title of a table (its section's, if it has none of its own) -> its rows, column -> cell."""
    found: dict[str, list[dict[str, str]]] = {}
    title, head = "", []
    for line in text.splitlines():
        if line.startswith("## "):
            title, head = plain(line[3:]), []
        elif line.startswith("**"):
            title, head = plain(line.strip("*")), []
        elif not line.startswith("|"):
            head = []
        elif not head:
            head = [plain(cell) for cell in _BAR.split(line)[1:-1]]
            assert title not in found, title
            found[title] = []
        elif not set(line) <= set("| -"):
            cells = [plain(cell) for cell in _BAR.split(line)[1:-1]]
            assert len(cells) == len(head), line
            found[title].append(dict(zip(head, cells, strict=True)))
    return found


def by(rows: list[dict[str, str]], column: str = "parameter") -> dict[str, dict[str, str]]:
    """The rows by their cell in a column, which is different in each."""
    found = {row[column]: row for row in rows}
    assert len(found) == len(rows)
    return found
