"""The part of source code that determines what a program computes, and the modules that a module imports.

Comments, docstrings and layout do not determine a result. They are left out, so that correcting them does not change
the identity of a run.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

_C_SUFFIXES = (".c", ".h", ".cpp", ".hpp", ".cc")
_C_TOKEN = re.compile(
    r"""
    (?P<comment> //[^\n]* | /\*.*?\*/ )
    | (?P<text> R"(?P<delimiter>[^()\s\\]{0,16})\(.*?\)(?P=delimiter)" | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' )
    | (?P<newline> \n )
    | (?P<space> [^\S\n]+ )
    | (?P<number> \.?[0-9](?:[eEpP][+-]|'?[\w.])* )
    | (?P<word> \w+ )
    | (?P<sign> \.\.\.|<=>|<<=|>>=|->\*|::|->|\.\*|\+\+|--|<<|>>|&&|\|\||\#\#|[-+*/%&|^<>=!]=|. )
    """,
    re.VERBOSE | re.DOTALL,
)


def canonical(path: Path, source: bytes) -> str:
    """Return the code of a file without comments, docstrings and layout.

    Parameters
    ----------
    path
        The file's name, whose suffix says whether it is Python, C or C++. Any other file is returned as it is.
    source
        Its content.

    Examples
    --------
    >>> canonical(Path("a.py"), b"def f(x):\\n    '''Twice.'''\\n    return 2  *  x  # really")
    'def f(x):\\n    return 2 * x'
    """
    text = source.decode("utf-8", errors="surrogateescape")
    if path.suffix == ".py":
        return _python(_parsed(text))
    return " ".join(_c_tokens(text)) if path.suffix in _C_SUFFIXES else text


def c_files(folder: Path) -> list[Path]:
    """Return the C and C++ files in a folder and below, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix in _C_SUFFIXES)


def imported(roots: Iterable[str], packages: Iterable[str]) -> dict[str, tuple[Path, bytes]]:
    """Return the modules that ``roots`` import, directly or through others: name -> file and source.

    Imports anywhere in a module count, also those inside functions; those for type checkers alone do not.

    Parameters
    ----------
    roots
        Names of modules, which are part of the result.
    packages
        The packages whose modules are followed. Relative imports are followed everywhere.

    Raises
    ------
    ModuleNotFoundError
        One of ``roots`` does not exist.
    """
    top = tuple(packages)
    waiting, modules = list(dict.fromkeys(roots)), {}
    for name in waiting:
        if _source(name) is None:
            raise ModuleNotFoundError(f"no source of module {name}", name=name)
    while waiting:
        name = waiting.pop()
        source = None if name in modules else _source(name)
        if source is None:
            continue
        modules[name] = source
        for other, relative in _imports(name, *source):
            if relative or other.partition(".")[0] in top:
                waiting.append(other)
    return dict(sorted(modules.items()))


@lru_cache(maxsize=256)
def _parsed(text: str) -> ast.Module:
    # A module is looked at twice: for its imports and for its code.
    return ast.parse(text)


def _python(tree: ast.Module) -> str:
    waiting: list[ast.AST] = [tree]
    while waiting:
        for block in _blocks(waiting.pop()):
            block[:] = [statement for statement in block if not _is_text(statement)]
            waiting += block
    return ast.unparse(tree)


def _blocks(node: ast.AST) -> Iterator[list[ast.AST]]:
    """Yield the blocks of a statement. Statements stand nowhere else, and a visit to all expressions takes 0.1 s."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        if block := getattr(node, name, None):
            yield block


def _is_text(statement: ast.AST) -> bool:
    """Return whether a statement is only a string: the docstring of a module, class, function or attribute."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _c_tokens(text: str) -> Iterator[str]:
    """Yield the tokens of C or C++, with the end of each directive of the preprocessor.

    Blanks between tokens do not count, except the one that tells a macro with parameters from one without.
    """
    line: list[str] = []
    gap = False
    for match in _C_TOKEN.finditer(text.replace("\\\n", "")):
        kind, token = match.lastgroup, match.group()
        if kind in ("comment", "space"):
            gap = True
            continue
        if kind == "newline":
            if line[:1] == ["#"]:
                yield "\n"
            line, gap = [], False
            continue
        if gap and token == "(" and len(line) == 3 and line[:2] == ["#", "define"]:
            yield "\t"
        line.append(token)
        gap = False
        yield token


def _imports(name: str, path: Path, source: bytes) -> Iterator[tuple[str, bool]]:
    """Yield the names that a module imports, modules or not, and whether the import is a relative one."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    waiting: list[ast.AST] = [_parsed(source.decode("utf-8", errors="surrogateescape"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, False) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) + 1 - node.level]) if node.level else ""
            origin = ".".join(part for part in (base, node.module) if part)
            yield origin, node.level > 0
            yield from ((f"{origin}.{alias.name}", node.level > 0) for alias in node.names)
        for block in _blocks(node):
            waiting += block


def _source(name: str) -> tuple[Path, bytes] | None:
    """Return the file and the source of a module, without importing it; None if there is no source.

    A module that was made from a text keeps that as ``__source__``, since its file may have changed.
    """
    module = sys.modules.get(name)
    text = getattr(module, "__source__", None)
    if text is not None:
        return Path(str(getattr(module, "__file__", name))), text
    path = _file(name)
    return None if path is None else (path, path.read_bytes())


def _file(name: str) -> Path | None:
    top, *parts = name.split(".")
    loaded = getattr(sys.modules.get(name), "__file__", None)
    if loaded is not None:
        return Path(loaded) if loaded.endswith(".py") else None
    if top in sys.modules:
        folders = getattr(sys.modules[top], "__path__", ())
    else:
        spec = find_spec(top)
        folders = (spec.submodule_search_locations if spec is not None else None) or ()
    for folder in folders:
        path = Path(folder).joinpath(*parts)
        for file in (path / "__init__.py", path.with_suffix(".py") if parts else path):
            if file.is_file():
                return file
    return None
