"""The LaTeX is balanced, holds no sign that pdflatex would stumble over, and is what pdflatex makes pages of.

The test by pdflatex itself is slow, and needs Debian's package ``texlive-latex-recommended``.
"""

import re
import shutil
import string
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varesearch.config.compose import compose
from varesearch.describe import Description, Section, Table, describe
from varesearch.describe.diagram import write_figure
from varesearch.describe.latex import escaped, latex

EIGHT = ", ".join(f"L{layer}{kind}: {{size: 9}}" for layer in (2, 4, 5, 6) for kind in "ei")
NETWORKS = [
    [],
    ["populations.inh.cell=if_cond_exp", "stimuli.dc=sine_current"],
    [f"populations={{{EIGHT}}}", "projections.L2e_to_L4i.p=0.5", "cell=if_curr_exp"],
    ["cell=hh_cond_exp", "simulation=fine", "analysis.further=[spectrum,avalanches]"],
    ["cell.draws.r={distribution: uniform, low: 0, high: 1}", "cell.c={expression: '-65 + 15*r**2 % 3'}"],
]
_COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
_SPECIAL = re.compile(r"(?<!\\)[#%_^~&$]")


def check(text: str) -> None:
    """Fail for braces, formulas or environments that do not match, and for special signs as text."""
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", text):
        assert kind == "begin" or opened.pop() == name
        if kind == "begin":
            opened.append(name)
    assert opened == []
    depth, formula, place = 0, False, 0
    while place < len(text):
        if text[place] == "\\":
            command = _COMMAND.match(text, place)
            assert command is not None
            if command[0] in (r"\(", r"\)"):
                assert formula == (command[0] == r"\)")
                formula = not formula
            place = command.end()
            continue
        depth += (text[place] == "{") - (text[place] == "}")
        assert depth >= 0
        assert text[place] not in "#%~$" and (formula or text[place] not in '_^<>|"'), text[place - 40 : place + 40]
        place += 1
    assert depth == 0 and not formula


def body(text: str) -> str:
    """The document without its preamble and column types, in which > and @ have a meaning of their own."""
    inner = text[text.index(r"\begin{document}") :]
    return re.sub(r"(\\begin\{longtable\})\{@\{\}.*@\{\}\}", r"\1", inner)


@pytest.mark.parametrize("words", NETWORKS, ids=str)
def test_a_document_is_balanced(words: list[str]) -> None:
    description = describe(compose(words).config)
    text = latex(description, "network.png")
    check(body(text))
    assert text.isascii() or not {sign for sign in text if not sign.isascii() and not "\u00c0" <= sign <= "\u017f"}
    assert text.count(r"\begin{longtable}") == sum(len(section.tables) for section in description.sections)
    assert r"\includegraphics" in text and r"\includegraphics" not in latex(description)


def test_every_row_has_as_many_cells_as_the_table_has_columns() -> None:
    text = latex(describe(compose(NETWORKS[2]).config))
    for table in re.findall(r"\\begin\{longtable\}(.*?)\\end\{longtable\}", text, re.DOTALL):
        columns = table.split("\n")[0].count("p{")
        rows = [line for line in table.split("\n")[1:] if line.endswith(r" \\") or r"\midrule" in line]
        assert rows and {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows} == {columns}
        shares = [float(share) for share in re.findall(r"\\dimexpr ([\d.]+)\\linewidth", table)]
        assert sum(shares) == pytest.approx(1.0, abs=0.005)


def test_signs_are_written_as_commands() -> None:
    assert escaped("5 % of 2 µS & v² ≥ 0.1±3, tau_m {x} #1 ~ a\\b") == (
        r"5 \% of 2 \(\mu\)S \& v\(^{2}\) \(\geq\) 0.1\(\pm\)3, tau\_m \{x\} \#1 \textasciitilde{} a\textbackslash{}b"
    )
    assert escaped("τ Ω Σ χ² é ☃") == r"\(\tau\) \(\Omega\) \(\Sigma\) \(\chi\)\(^{2}\) é [U+2603]"
    assert escaped("`a_b--c` -> d\ne") == r"\texttt{a\_b-{}-c} \(\to\) d\newline e"


@given(st.text(st.sampled_from(string.printable.replace("\r", "") + "µ²ᵢ±≥é☃τΑ“`"), max_size=60))
def test_any_text_is_balanced(text: str) -> None:
    if text.count("`") % 2 == 0:
        check(escaped(text))


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Table("t", ("a", "b"), (("1",),))
    table = Table("t_1", ("a", "b"), (("1 & 2", "`x_y`"),))
    check(body(latex(Description("d", (Section("", "s", (), (table,)),), ()))))


@pytest.mark.slow
@pytest.mark.parametrize("words", [*NETWORKS, ["experiment=brunel_2000"], ["experiment=e_pv_sst"]], ids=str)
def test_pdflatex_makes_pages_of_it(words: list[str], tmp_path: Path) -> None:
    """Without an error, and without text that is wider than its column."""
    pdflatex = shutil.which("pdflatex")
    assert pdflatex, "this test needs pdflatex: install the package texlive-latex-recommended"
    config = compose(words).config
    write_figure(config.structure, tmp_path / "network.png")
    (tmp_path / "methods.tex").write_text(latex(describe(config), "network.png"), encoding="utf-8")
    command = [pdflatex, "-interaction=nonstopmode", "-halt-on-error", "methods.tex"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)  # longtable measures its columns
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    log = (tmp_path / "methods.log").read_text(encoding="latin-1")
    assert done.returncode == 0, log[-2000:]
    assert (tmp_path / "methods.pdf").read_bytes().startswith(b"%PDF")
    assert [line for line in log.splitlines() if line.startswith(("!", "Overfull", "Missing character"))] == []
