"""The page on the architecture is true: its modules, and the way that values take through them."""

import re
from collections.abc import Iterator

import pytest
from test_layers import GRAPH, ORDER, PAGE, part

TEXT = PAGE.read_text(encoding="utf-8")
_, *SECTIONS = TEXT.split("\n## ")


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


def test_every_module_that_is_named_exists() -> None:
    named = modules(TEXT)
    assert len(named) > 40
    assert [name for name in named if name not in GRAPH] == []


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.partition("\n")[0].strip("`"))
def test_a_value_takes_one_direction_from_callers_to_the_called(section: str) -> None:
    passed: list[str] = []
    for passing, by, _ in rows(section):
        (module,) = modules(passing)
        caller, *through = modules(by)
        for base in through:
            assert base in reached(caller) & reached(module), f"{caller} does not know {module} by {base}"
        assert through or module in reached(caller), f"{caller} does not call {module}"
        passed.append(module)
    levels = [ORDER[part(module)] for module in passed]
    assert len(passed) > 5 and levels == sorted(levels)
    assert part(passed[0]) == "config" and part(passed[-1]) == "tracking"
