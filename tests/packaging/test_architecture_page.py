"""The page on the architecture is true: its table of layers, its modules, and the way that values take through them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_layers import GRAPH, LAYERS, part

TOP = Path(__file__).parents[2]

PAGE = (TOP / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
_, *SECTIONS = PAGE.split("\n## ")


def rows(text: str) -> Iterator[list[str]]:
    """The cells of the rows of the tables in a text, without their heads."""
    for table in re.findall(r"^\|[-|]+\|\n((?:\|.*\|\n?)+)", text, flags=re.MULTILINE):
        for line in table.splitlines():
            yield [cell.strip() for cell in line.strip("|").split("|")]


def modules(text: str) -> list[str]:
    return re.findall(r"`(varesearch(?:\.\w+)+)`", text)


def reached(name: str) -> set[str]:
    """Everything that a module imports, also through others, and itself."""
    seen, waiting = {name}, [name]
    while waiting:
        new = GRAPH[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen


def test_the_table_of_layers_is_that_of_the_test() -> None:
    shown = {layer: names.replace(",", "") for layer, names in rows(PAGE.partition("\n## ")[0])}
    assert shown == {layer: names.removesuffix(" __main__") for layer, names in LAYERS.items()}


def test_every_module_that_is_named_exists() -> None:
    named = modules(PAGE)
    assert len(named) > 40
    assert [name for name in named if name not in GRAPH] == []


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.partition("\n")[0].strip("`"))
def test_a_value_takes_one_direction_from_callers_to_the_called(section: str) -> None:
    order = {name: number for number, name in enumerate(" ".join(LAYERS.values()).split())}
    passed: list[str] = []
    for passing, by, _ in rows(section):
        (module,) = modules(passing)
        caller, *through = modules(by)
        for base in through:
            assert base in reached(caller) & reached(module), f"{caller} does not know {module} by {base}"
        assert through or module in reached(caller), f"{caller} does not call {module}"
        passed.append(module)
    levels = [order[part(module)] for module in passed]
    assert len(passed) > 5 and levels == sorted(levels)
    assert part(passed[0]) == "config" and part(passed[-1]) == "tracking"
