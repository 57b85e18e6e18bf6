"""The page of the documentation says what the builds do."""

from pathlib import Path

from varesearch.backends import backends
from varesearch_tools.pages.translation import PAGE, page

TOP = Path(__file__).parents[2]


def test_the_page_is_up_to_date():
    """If not: ``python -m varesearch_tools.pages``."""
    assert TOP.joinpath(PAGE).read_text(encoding="utf-8") == page()


def test_the_page_has_every_cell_and_back_end():
    from varesearch.config.cell import Cell
    from varesearch.config.parts import parts

    text = page()
    for cell in parts(Cell).values():
        section = text.split(f"\n## {cell().model}\n")[1].split("\n## ")[0]
        for name in backends():
            assert f"**{name}**" in section
        assert "| `a` |" in section or "| `cm` |" in section
