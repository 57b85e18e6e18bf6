"""Imports go one way: from the commands down to the settings, without circles of modules or packages.

Imports inside functions count.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import varesearch

SRC = Path(varesearch.__file__).resolve().parents[1]
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "architecture.md"
LAYERS = dict(
    re.findall(r"^\| (\w[\w ]*) \| ((?:\w+, )*\w+) \|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
)
"""Layer -> its packages and modules in varesearch; each may import only those that stand before it in this table."""
ORDER = {name: number for number, name in enumerate(", ".join(LAYERS.values()).split(", "))}
TOOLS = "varesearch_tools"
"""The project's own tools, which stand above everything; that only two commands start them is tested with the wheel."""


def module_name(path: Path) -> str:
    """The name by which a file is imported."""
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in SRC.rglob("*.py") if path.relative_to(SRC).parts[0] != "conftest.py"}


def imports(name: str) -> Iterator[str]:
    """The modules of ours that a module imports, wherever in its text, but not those for type checkers alone."""
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    waiting: list[ast.AST] = [ast.parse(path.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                yield from (it for it in [inner if inner in MODULES else origin] if it in MODULES)
        waiting += ast.iter_child_nodes(node)


GRAPH = {name: set(imports(name)) - {name} for name in MODULES}


def part(name: str) -> str:
    """The package or module of varesearch that a module belongs to; another package of ours by its own name."""
    package, _, rest = name.partition(".")
    return rest.partition(".")[0] if package == "varesearch" else package


def circle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """A circle in a graph; [] if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_imports_itself_through_others() -> None:
    assert circle(GRAPH) == []


def test_no_import_goes_up() -> None:
    """So that packages have no circle either."""
    ours = {name: others for name, others in GRAPH.items() if name.startswith("varesearch.")}
    unknown = {part(name) for name in ours} - ORDER.keys()
    assert not unknown, f"give {', '.join(sorted(unknown))} a place in the table of layers in {PAGE.name}"
    upwards = [
        f"{name} imports {other}"
        for name, others in ours.items()
        for other in others
        if other.startswith("varesearch.") and part(name) and ORDER[part(other)] > ORDER[part(name)]
    ]
    assert upwards == []


def test_the_packages_beside_varesearch_import_nothing_of_it() -> None:
    beside = [name for name in GRAPH if name.partition(".")[0] not in ("varesearch", TOOLS)]
    assert beside
    assert [name for name in beside if any(other.startswith("varesearch") for other in GRAPH[name])] == []


def test_the_check_notices_circles_and_imports_in_functions() -> None:
    assert circle({"a": ["b"], "b": ["c"], "c": ["a"]})
    lazily = "varesearch.recording_io"
    assert lazily in GRAPH["varesearch.tracking.files"]
