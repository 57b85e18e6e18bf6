"""A description as Markdown: tables as GitHub, Zensical and pandoc read them."""

import re
from collections.abc import Iterator

from varesearch.describe.document import CITATION, Description, Table

_MARKS = re.compile(r"([\\*|<\[\]#]|(?<!\w)_|_(?!\w))")


def markdown(description: Description, picture: str = "") -> str:
    """Return the description as Markdown.

    Parameters
    ----------
    description
        What is described.
    picture
        The file of the diagram, seen from the text; "": without it.
    """
    return "\n".join(_blocks(description, picture))


def _blocks(description: Description, picture: str) -> Iterator[str]:
    yield f"# {_text(description.title)}\n"
    yield f"The tables follow {CITATION}.\n"
    if picture:
        yield f"![Populations and projections]({picture})\n"
    for section in description.sections:
        yield f"## {_text(section.title)}\n"
        yield from (f"{_text(sentence)}\n" for sentence in section.sentences)
        for table in section.tables:
            if table.title:
                yield f"**{_text(table.title)}**\n"
            yield _table(table)
    yield "## References\n"
    yield "".join(f"- {_text(reference)}\n" for reference in description.references)


def _table(table: Table) -> str:
    rows = [table.columns, tuple("---" for _ in table.columns), *(tuple(map(_text, row)) for row in table.rows)]
    head = tuple(map(_text, rows[0]))
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, *rows[1:]))


def _text(text: str) -> str:
    """The text with its marks escaped; within code only the bar, which would end the cell of a table."""
    pieces = text.split("`")
    pieces[::2] = [_MARKS.sub(r"\\\1", piece).replace("\n", "<br>") for piece in pieces[::2]]
    pieces[1::2] = [piece.replace("|", "\\|") for piece in pieces[1::2]]
    return "`".join(pieces)
