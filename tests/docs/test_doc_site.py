"""The site builds without a warning, holds every page, and no link of it leads nowhere."""

import html
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from doc_pages import TOP

import varesearch
from varesearch_tools.pages.notebook import notebook_pages
from varesearch_tools.pages.studies import study_pages

CONFIG = tomllib.loads((TOP / "zensical.toml").read_text())["project"]


class Links(HTMLParser):
    """What a page points at, what it loads, and the ids that can be pointed at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect from one tag."""
        found = {name: value or "" for name, value in attrs}
        self.ids |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        loaded = found.get("src") if tag in ("img", "script") else found.get("href") if tag == "link" else None
        if loaded:
            self.loads.append(loaded)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the pages, those of the studies and of the notebook included, to be built."""
    place = tmp_path_factory.mktemp("site")
    shutil.copy(TOP / "zensical.toml", place)
    shutil.copytree(TOP / "tools", place / "tools")
    shutil.copytree(TOP / "docs", place / "docs", ignore=shutil.ignore_patterns("studies"))
    (place / "src").symlink_to(TOP / "src")
    study_pages(place / "docs", TOP / "experiments")
    notebook_pages(place / "docs", TOP / "experiments")
    return place


@pytest.fixture(scope="module")
def site(place: Path) -> dict[Path, Links]:
    """The built site, as ``make docs`` builds it: file -> what it holds."""
    zensical = Path(sys.executable).with_name("zensical")
    built = subprocess.run(
        [zensical, "build", "--strict", "--clean"], cwd=place, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, re.sub(r"\x1b\[[0-9;]*m", "", built.stdout + built.stderr)
    return {path.resolve(): Links(path.read_text()) for path in (place / "site").rglob("*.html")}


def entries(nav: list) -> Iterator[str]:
    """The files that the navigation names."""
    for entry in nav:
        for value in entry.values():
            yield from entries(value) if isinstance(value, list) else [value]


def test_the_navigation_has_every_page_once(place: Path):
    """A page that is added gets its line in zensical.toml."""
    pages = sorted(path.relative_to(place / "docs").as_posix() for path in (place / "docs").rglob("*.md"))
    assert sorted(entries(CONFIG["nav"])) == pages


def test_every_page_is_built(site: dict[Path, Links]):
    names = {path.name for path in site}
    assert {Path(page).with_suffix(".html").name for page in entries(CONFIG["nav"])} <= names
    assert len(site) > len(list(entries(CONFIG["nav"])))  # the page for what is not found


def test_every_link_and_picture_is_there(site: dict[Path, Links]):
    for path, page in site.items():
        for link in [*page.links, *page.loads]:
            parts = urlsplit(link)
            if parts.scheme or link.startswith("//") or path.name == "404.html":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target = target / "index.html"
            assert target.is_file(), f"{path.name}: {link} leads nowhere"
            if parts.fragment and target in site and not parts.fragment.startswith("__"):
                assert unquote(parts.fragment) in site[target].ids, f"{path.name}: {link}: there is no such place"


def test_the_notebook_is_shown_with_what_its_cells_show(site: dict[Path, Links]):
    (path,) = (path for path in site if path.name == "seed_story.html")
    notebook = json.loads((TOP / "experiments" / "notebook" / "seed_story.ipynb").read_text())
    data = [output["data"] for cell in notebook["cells"] for output in cell.get("outputs", ())]
    pictures = [source for source in site[path].loads if source.startswith("seed_story/")]
    assert len(pictures) == sum("image/png" in each for each in data) > 0
    text = html.unescape(re.sub(r"<[^>]+>", "", path.read_text()))
    page = re.sub(r"\s", "", text)
    shown = [each["text/plain"] for each in data if each.keys() == {"text/plain"}]
    assert shown and all(re.sub(r"\s", "", "".join(each)) in page for each in shown)
    tables = [each["text/html"] for each in data if "<td>" in "".join(each.get("text/html", ""))]
    numbers = [number for table in tables for number in re.findall(r"<td>([^<]*\d[^<]*)</td>", "".join(table))]
    assert numbers and all(number in text for number in numbers)


def test_nothing_is_fetched_from_elsewhere(site: dict[Path, Links]):
    for path, page in site.items():
        for link in page.loads:
            assert urlsplit(link).scheme in ("", "data") and not link.startswith("//"), f"{path.name} loads {link}"


def test_no_docstring_shows_its_markup(site: dict[Path, Links]):
    for path in site:
        text = re.sub(r"<(code|pre)\b.*?</\1>", "", path.read_text(), flags=re.DOTALL)
        assert not re.search(r":(class|func|mod|data|meth):|``", text), path.name
        assert not re.search(r"<h\d[^>]*>(Parameters|Returns|Raises|Attributes|Examples)\b", text), path.name


def test_the_reference_has_every_part_of_the_package():
    """Each package that people import from, or extend, has a module on a page of the reference."""
    text = "".join(path.read_text() for path in (TOP / "docs" / "reference" / "python").glob("*.md"))
    package = Path(varesearch.__file__).parent
    # What prints, measures, serves and forks: used by commands only.
    inner = {"commands", "doctor", "pages", "ui", "workers"}
    for folder in sorted(path.parent.name for path in package.glob("*/__init__.py")):
        assert folder in inner or f"::: varesearch.{folder}" in text, f"varesearch.{folder} is not in the reference"
