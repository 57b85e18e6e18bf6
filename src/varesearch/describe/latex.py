"""A description as LaTeX: a document that pdflatex compiles, with longtable and booktabs."""

import re
import unicodedata
from collections.abc import Iterator

from varesearch.describe.document import CITATION, Description, Table

_PREAMBLE = r"""\documentclass[10pt]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage[a4paper,margin=2cm]{geometry}
\usepackage{array,booktabs,graphicx,longtable}
\setlength{\parindent}{0pt}
\setlength{\tabcolsep}{4pt}
\newcommand{\together}{\par\vskip0pt plus6\baselineskip\penalty-200\vskip0pt plus-6\baselineskip}
"""

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\(<\)",
    ">": r"\(>\)",
    "|": r"\(|\)",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "±": r"\(\pm\)",
    "×": r"\(\times\)",
    "·": r"\(\cdot\)",
    "\u2212": r"\(-\)",
    "≤": r"\(\leq\)",
    "≥": r"\(\geq\)",
    "∞": r"\(\infty\)",
    "√": r"\(\sqrt{\;}\)",
    "→": r"\(\to\)",
    "Σ": r"\(\Sigma\)",
    "µ": r"\(\mu\)",
    "°": r"\(^{\circ}\)",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
}
_GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu"),
    *("xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
)
_ROMAN = {"alpha": "A", "beta": "B", "epsilon": "E", "zeta": "Z", "eta": "H", "iota": "I", "kappa": "K", "mu": "M",
          "nu": "N", "rho": "P", "tau": "T", "upsilon": "Y", "chi": "X"}  # fmt: skip
"""Greek capitals that are also Roman letters, for which LaTeX has no command."""
_RAISED = re.compile(r"<(super|sub)> (.+)")
_ARROWS = {"->": r"\(\to\)", ">=": r"\(\geq\)", "<=": r"\(\leq\)"}
_ARROW = re.compile(f"({'|'.join(_ARROWS)})")
_LONG_NAME = 12
"""Longer names may be broken after an underscore, a dot or an equals sign."""
_LINE = 98
"""So many letters of a typewriter font fill a line of a table."""


def latex(description: Description, picture: str = "") -> str:
    """Return the description as a LaTeX document.

    Parameters
    ----------
    description
        What is described.
    picture
        The file of the diagram, in a format that pdflatex reads; "": without it.
    """
    return "\n".join(_blocks(description, picture)) + "\n"


def _blocks(description: Description, picture: str) -> Iterator[str]:
    yield _PREAMBLE + r"\begin{document}"
    yield rf"\section*{{{escaped(description.title)}}}"
    yield rf"The tables follow {escaped(CITATION)}."
    if picture:
        yield rf"\begin{{center}}\includegraphics[width=0.8\linewidth]{{{picture}}}\end{{center}}"
    for section in description.sections:
        yield rf"\together\subsection*{{{escaped(section.title)}}}"
        yield from (f"{escaped(sentence)}\n" for sentence in section.sentences)
        yield from map(_table, section.tables)
    yield r"\subsection*{References}"
    yield r"\begin{itemize}"
    yield from (rf"\item {escaped(reference)}" for reference in description.references)
    yield r"\end{itemize}"
    yield r"\end{document}"


def _table(table: Table) -> str:
    columns = "".join(
        rf">{{\raggedright\arraybackslash}}p{{\dimexpr {share:.3f}\linewidth-2\tabcolsep\relax}}"
        for share in _shares(table)
    )
    head = " & ".join(rf"\textbf{{{escaped(name)}}}" for name in table.columns)
    rows = "\n".join(" & ".join(map(escaped, row)) + r" \\" for row in table.rows)
    # A title at the foot of a page would be parted from its table.
    title = [rf"\together\paragraph{{{escaped(table.title)}}}"] if table.title else []
    return "\n".join(
        (
            *title,
            rf"{{\small\begin{{longtable}}{{@{{}}{columns}@{{}}}}",
            rf"\toprule {head} \\ \midrule \endhead",
            rows,
            r"\bottomrule",
            r"\end{longtable}}",
        )
    )


def _shares(table: Table) -> list[float]:
    """The share of the width that each column has: by its longest text, but enough for its longest word."""
    columns = list(zip(table.columns, *table.rows, strict=True))
    wanted = [min(max(map(len, "\n".join(column).split("\n"))), 60) + 3 for column in columns]
    shares = [each / sum(wanted) for each in wanted]
    least = [
        (max(1.2 * _longest_word(head), *map(_longest_word, cells), 1.0) + 2.5) / _LINE for head, *cells in columns
    ]
    spare = [max(share - need, 0.0) for share, need in zip(shares, least, strict=True)]
    lacking = sum(max(need - share, 0.0) for share, need in zip(shares, least, strict=True))
    if sum(spare) <= lacking:
        return [need / sum(least) for need in least]
    # What some columns lack is taken from those that have more than they need, in proportion to it.
    each = zip(shares, least, spare, strict=True)
    return [max(share, need) - lacking * more / sum(spare) for share, need, more in each]


def _longest_word(text: str) -> int:
    """The letters of the longest piece of a text that is not broken."""
    words = text.replace("`", "").split()
    pieces = [
        piece for word in words for piece in (re.split(r"(?<=[_.=,])", word) if len(word) > _LONG_NAME else [word])
    ]
    return max(map(len, pieces), default=0)


def escaped(text: str) -> str:
    """Return a text so that LaTeX prints it; code in a font of its own.

    Examples
    --------
    >>> print(escaped("`tau_m` = 20 ms & 5 % of 0.2 µS, v²"))
    \\texttt{tau\\_m} = 20 ms \\& 5 \\% of 0.2 \\(\\mu\\)S, v\\(^{2}\\)
    """
    pieces = text.split("`")
    pieces[::2] = [_plain(piece) for piece in pieces[::2]]
    pieces[1::2] = [rf"\texttt{{{_code(piece)}}}" for piece in pieces[1::2]]
    return "".join(pieces)


def _plain(text: str) -> str:
    """The text outside code, where arrows and inequalities become signs of their own."""
    pieces = _ARROW.split(text)
    pieces[::2] = ["".join(map(_sign, piece)).replace("\n", r"\newline ") for piece in pieces[::2]]
    pieces[1::2] = [_ARROWS[arrow] for arrow in pieces[1::2]]
    return "".join(pieces)


def _code(text: str) -> str:
    signs = "".join(map(_sign, text)).replace("--", "-{}-")
    return re.sub(r"(\\_|[.=,])(?=\w)", r"\1\\allowbreak{}", signs) if len(text) > _LONG_NAME else signs


def _sign(sign: str) -> str:
    """A sign as LaTeX takes it. One that pdflatex has no letter for becomes its code point."""
    if sign in _SPECIAL:
        return _SPECIAL[sign]
    if sign.isascii() or "\u00c0" <= sign <= "\u017f":
        return sign
    raised = _RAISED.fullmatch(unicodedata.decomposition(sign))
    if raised:
        inner = "".join(chr(int(code, 16)) for code in raised[2].split())
        return rf"\({'^' if raised[1] == 'super' else '_'}{{{_math(inner)}}}\)"
    return rf"\({_math(sign)}\)" if _math(sign) != sign else f"[U+{ord(sign):04X}]"


def _math(sign: str) -> str:
    """A sign within a formula: a Greek letter by its command, others as they are."""
    words = unicodedata.name(sign, "").replace("LAMDA", "LAMBDA").lower().split()
    if len(words) != 4 or words[0] != "greek" or words[3] not in _GREEK:
        return sign.replace("\u2212", "-")
    if words[1] == "capital":
        return rf"\mathrm{{{_ROMAN[words[3]]}}}" if words[3] in _ROMAN else rf"\{words[3].title()}"
    return rf"\{words[3]}"
