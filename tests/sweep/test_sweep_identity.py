"""What makes two runs the same run."""

import dataclasses
import io
import itertools
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from varesearch import identity as module
from varesearch.backends import backends
from varesearch.config.compose import compose
from varesearch.identity import identity, libraries, part_modules, science_hash, science_sources
from varesearch.sources import canonical, imported

BACKENDS = ("brian2", "nest", "spinnaker")
SOURCES = {
    path: source
    for backend in BACKENDS
    for _, path, source in science_sources(
        backends()[backend], part_modules(compose([f"backend={backend}"]).config, None)
    )
}
PYTHON = sorted(path for path in SOURCES if path.suffix == ".py")
C = sorted(path for path in SOURCES if path.suffix != ".py")
SIGNS = {"+": "-", "-": "+", "*": "/", "<": "<=", ">": "<", "==": "!=", "/": "*"}


def name_of(path: Path) -> str:
    """The end of a path, to name a test."""
    return "/".join(path.parts[-3:])


def of(*words: str) -> str:
    return identity(compose(words))


def test_what_determines_a_result_changes_it() -> None:
    changes = ["seed=2", "cell=if_cond_exp", "connectivity.p=0.03", "backend=nest", "analysis.warmup_ms=50"]
    assert len({of(), *(of(word) for word in changes)}) == 1 + len(changes)


def test_how_a_run_is_started_watched_and_kept_does_not() -> None:
    words = ["tracking.experiment=other", "tracking.run_name=x", "launcher=local", "launcher.time_limit_s=9"]
    words += ["sweeper=optuna", "verbose=true", "fail=fast", "rerun=true"]
    assert {of(word) for word in words} == {of()}


def test_the_same_configuration_written_otherwise_is_the_same() -> None:
    assert of("connectivity.p=0.02", "seed=1") == of("seed=1") == of("connectivity.delay_ms=2") == of()


def test_the_versions_of_the_libraries_change_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before, nest = of(), of("backend=nest")
    newer = {**libraries(backends()["brian2"]), "brian2": "99.0"}
    monkeypatch.setattr(module, "libraries", lambda one, _=(): newer if one.name == "brian2" else libraries(one))
    assert of() != before
    assert of("backend=nest") == nest


def test_every_library_that_is_named_is_installed() -> None:
    for backend in BACKENDS:
        assert all(libraries(backends()[backend]).values()), backend


def test_each_back_end_has_sources_of_its_own() -> None:
    assert len({science_hash(backends()[backend]) for backend in BACKENDS}) == 3


@pytest.mark.parametrize(
    ("backend", "names"),
    [
        ("brian2", {"network/draw.py", "brian2/schemes.py", "metrics/statistics.py", "varesearch/simulation.py"}),
        ("nest", {"model/pairs.py", "nest/build.py", "native/izhikevich_exp.cpp"}),
        ("spinnaker", {"spinnaker/fixed_point.py", "core/cpu.c", "spinnaker_board/machine.py"}),
    ],
)
def test_what_a_result_passes_through_counts_and_what_looks_on_does_not(backend: str, names: set[str]) -> None:
    counted = {"/".join(path.parts[-2:]) for _, path, _ in science_sources(backends()[backend])}
    assert names <= counted
    assert not [name for name in counted if name.split("/")[0] in ("tracking", "sweep", "report", "plots", "commands")]


def _rewritten(text: str) -> str:
    """Python without comments and with other docstrings and layout, found by its tokens rather than its tree."""
    tokens, last = [], tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind, string = token.type, token.string
        if kind == tokenize.COMMENT:
            continue
        begins = last in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
        last = last if kind == tokenize.NL else kind
        if kind == tokenize.STRING and begins:
            string = "'''Another text.'''"
        tokens.append((kind, string))
    return "# A new comment.\n" + tokenize.untokenize(tokens)


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_a_corrected_comment_or_docstring_of_python_leaves_the_code_the_same(path: Path) -> None:
    text = SOURCES[path].decode()
    assert canonical(path, _rewritten(text).encode()) == canonical(path, text.encode())


@pytest.mark.parametrize("path", C, ids=name_of)
def test_a_corrected_comment_of_c_leaves_the_code_the_same(path: Path) -> None:
    """The compiler's own preprocessor takes the comments out; directives stay."""
    command = ["gcc", "-fpreprocessed", "-dD", "-E", "-P", "-x", "c++" if path.suffix == ".cpp" else "c", str(path)]
    bare = subprocess.run(command, check=True, capture_output=True).stdout
    assert b"/*" not in bare
    assert canonical(path, bare) == canonical(path, SOURCES[path])
    assert canonical(path, b"/* New. */\n" + SOURCES[path] + b"\n// The end.\n") == canonical(path, SOURCES[path])


def _changed(path: Path, text: str) -> Iterator[str]:
    """The text with one number or sign of its code changed, at about six places."""
    if path.suffix == ".py":
        starts = [0, *itertools.accumulate(len(line) for line in text.splitlines(keepends=True))]
        places = [
            (starts[token.start[0] - 1] + token.start[1], token.string)
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type == tokenize.NUMBER or (token.type == tokenize.OP and token.string in SIGNS)
        ]
    else:
        code = re.sub(r"/\*.*?\*/|//[^\n]*", lambda it: " " * len(it.group()), text, flags=re.DOTALL)
        places = [(it.start(), it.group()) for it in re.finditer(r"\b\d+\b|(?<=\w) [-+*] (?=\w)", code)]
    for start, old in places[:: max(1, len(places) // 6)]:
        new = f" {SIGNS[old.strip()]} " if old.strip() in SIGNS else f"(1 + {old})"
        yield text[:start] + new + text[start + len(old) :]


@pytest.mark.parametrize("path", [*PYTHON, *C], ids=name_of)
def test_a_changed_number_or_sign_makes_it_other_code(path: Path) -> None:
    code = canonical(path, SOURCES[path])
    for other in _changed(path, SOURCES[path].decode()):
        try:
            assert canonical(path, other.encode()) != code
        except SyntaxError:
            continue  # a sign that cannot stand there


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a+ ++b", "a++ +b"),
        ("#define F (x)", "#define F(x)"),
        ("#define A 1\n+2", "#define A 1 +2"),
        ('"a  b"', '"a b"'),
        ("a / b // c", "a"),
        ('"/*" a "*/"', '""'),
        ("""'"' + 1 // '"'""", """'"'"""),
        ('R"(//1)"', 'R"(//2)"'),
    ],
)
def test_c_that_looks_alike_but_is_not(one: str, other: str) -> None:
    path = Path("a.cpp")
    assert canonical(path, one.encode()) != canonical(path, other.encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("int a=1;", "int  a\n = 1 ; // one"),
        ("#define A 1", "#define  A /* one */ 1"),
        ("#define A \\\n 1", "#define A 1"),
        ('a /* " */ + b /* " */', "a + b"),
    ],
)
def test_c_that_differs_in_layout_and_comments_alone(one: str, other: str) -> None:
    path = Path("a.c")
    assert canonical(path, one.encode()) == canonical(path, other.encode())


def test_a_part_of_the_users_own_counts_by_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was when it was imported, with what it imports from beside itself, whatever the folder is called."""
    composed = compose(())
    shipped = type(composed.config.cell)

    def of_own(folder: str, source: str, shared: str = "RATE = 1") -> str:
        for name, text in ((folder, None), (f"{folder}._shared", shared), (f"{folder}.my_cell", source)):
            made = ModuleType(name)
            if text is not None:
                made.__file__ = str(tmp_path / f"{name.rpartition('.')[2]}.py")
                made.__dict__["__source__"] = text.encode()
            monkeypatch.setitem(sys.modules, name, made)
        own = type("MyCell", (shipped,), {"__module__": f"{folder}.my_cell"})
        science_hash.cache_clear()
        return identity(dataclasses.replace(composed, config=dataclasses.replace(composed.config, cell=own())))

    source = "from ._shared import RATE\nA = 2\n"
    first = of_own("own_1", source)
    assert of_own("own_2", f'"""What it is."""\n{source}# end') == first
    assert of_own("own_1", source.replace("2", "3")) != first
    assert of_own("own_1", source, "RATE = 2") != first
    assert identity(composed) != first
    science_hash.cache_clear()


def test_imports_are_followed_wherever_they_stand_but_those_for_type_checkers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "followed"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text("import numpy\ndef f():\n    from followed import b\n")
    (package / "b.py").write_text("if TYPE_CHECKING:\n    import followed.d\nelse:\n    from .c import thing\n")
    for name in "cd":
        (package / f"{name}.py").write_text("raise RuntimeError('it was imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert list(imported(["followed.a"], ["followed"])) == ["followed", "followed.a", "followed.b", "followed.c"]
    with pytest.raises(ModuleNotFoundError):
        imported(["followed.e"], ["followed"])
