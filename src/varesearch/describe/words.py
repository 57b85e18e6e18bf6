"""The words that a part brings along: what its docstring says of it, its equations, and the publications it cites."""

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_ROLE = re.compile(r":\w+:`~?([^`]+)`")
_DEFAULTS = re.compile(r"(?:The d|D)efaults?\b")
"""What begins so is about the values of the library, and not about those of a configuration."""
_SECTION = re.compile(r"\n[A-Z][\w ]+\n-{3,}\n")
_DYNAMICS = re.compile(r"\bd\w+/dt\b")

_NAME = r"(?:(?:von|van|de|der|el) )*[^\W\d_][\w'’-]*[^\W\d_]"
_AUTHORS = rf"{_NAME}(?:, {_NAME})*(?:,? (?:and|&) {_NAME}| et al\.)?"
_JOURNAL = r"[^\W\d_][\w.&]*(?: [\w.&]+)*? [\w.()]+:[\w-]+"
_PAPER = rf"(?P<authors>{_AUTHORS}),? \(?(?P<year>(?:19|20)\d\d)\)?(?:, | \(|,? )(?P<journal>{_JOURNAL})"
_BOOK = rf"(?P<author>{_AUTHORS}) (?P<published>(?:19|20)\d\d) \((?P<book>[A-Z][^();:]*)\)"
_REFERENCE = re.compile(rf"{_PAPER}|{_BOOK}")


@dataclass(frozen=True)
class Words:
    """What the docstring of a part says.

    Attributes
    ----------
    summary
        Its first sentence.
    details
        The paragraphs after it; an equation is a line of its own.
    references
        The publications that it cites.
    """

    summary: str
    details: tuple[str, ...]
    references: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it, each paragraph on a line of its own."""
        return "\n".join((self.summary, *self.details))


def words_of(part: type) -> Words:
    """Return what the docstring of a part says.

    Sections of numpydoc (Parameters, Examples) are left out.

    Examples
    --------
    >>> from varesearch.model.cells.izhikevich_delta import IzhikevichDelta
    >>> words_of(IzhikevichDelta).details[:2]
    ('dv/dt = 0.04 v² + 5 v + 140 - u + i_offset', 'du/dt = a (b v - u)')
    >>> words_of(IzhikevichDelta).references
    ('Izhikevich 2003, IEEE Trans. Neural Networks 14:1569',)
    """
    text = inspect.cleandoc(part.__doc__ or "")
    if text.startswith(f"{part.__name__}("):  # a dataclass without a docstring gets its signature for one
        text = ""
    text = _SECTION.split(f"{text}\n")[0]
    text = _ROLE.sub(lambda role: f"`{role[1].rpartition('.')[2]}`", text).replace("``", "`")
    paragraphs = [" ".join(lines.split()) for lines in re.split(r"\n\s*\n", text) if lines.strip()]
    kept = [_DEFAULTS.split(each)[0].strip() for each in paragraphs[:1]]
    kept += [each for each in paragraphs[1:] if not _DEFAULTS.match(each)]
    summary, rest = (kept[0], kept[1:]) if kept else (f"`{part.__name__}` has no description.", [])
    details = tuple(line for paragraph in rest for line in _lines(paragraph))
    return Words(summary, details, references_in(kept))


def references_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the publications that texts cite, in alphabetical order, each once.

    Examples
    --------
    >>> references_in(["as in Brunel 2000 (J. Comput. Neurosci. 8:183), and (Softky & Koch 1993, J. Neurosci. 13:334)"])
    ('Brunel 2000, J. Comput. Neurosci. 8:183', 'Softky and Koch 1993, J. Neurosci. 13:334')
    """
    found = (each for text in texts for each in _references(" ".join(text.split())))
    return tuple(sorted(dict.fromkeys(found), key=str.casefold))


def _references(text: str) -> Iterator[str]:
    for found in _REFERENCE.finditer(text):
        authors = (found["authors"] or found["author"]).replace(" & ", " and ")
        yield f"{authors} {found['year'] or found['published']}, {found['journal'] or found['book']}"


def _lines(paragraph: str) -> list[str]:
    """The equations of a paragraph, between semicolons outside brackets; other paragraphs are one line."""
    if not _DYNAMICS.search(paragraph):
        return [paragraph]
    lines, depth = [""], 0
    for sign in paragraph:
        depth += (sign == "(") - (sign == ")")
        if sign == ";" and depth == 0:
            lines.append("")
        else:
            lines[-1] += sign
    return [line.strip().removesuffix(".") for line in lines if line.strip()]
