"""The pages that add a cell, a connector, a list and a back end do what they say, on a copy of the sources."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from doc_pages import TOP, Page, all_pages
from doc_tasks import Task, check, conduct, step, tasks_of

PAGES = [page for page in all_pages() if page.changes]


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources with the changes of all pages, which need not know of each other."""
    copy = tmp_path_factory.mktemp("how-to") / "checkout"
    for folder in ("src", "conf"):
        shutil.copytree(
            TOP / folder,
            copy / folder,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__", "*.so", "core"),
        )
    shutil.copy(TOP / "pyproject.toml", copy)
    for page in PAGES:
        for change in page.changes:
            if change.path is not None:
                # A user's own files lie where the commands are typed.
                of_project = change.path.startswith(("src/", "tests/", "conf/"))
                target = (copy if of_project else copy.parent / "root") / change.path
                assert not target.exists(), f"{page.path}: {change.path} exists in the sources"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(change.text)
                continue
            done = subprocess.run(
                ["git", "apply", "--recount", "-C1", "-"],
                cwd=copy,
                input=change.text,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{page.path}: a diff no longer fits the sources\n{change.text}\n{done.stderr}"
    return copy


def added_tests(page: Page) -> list[str]:
    """The files of tests that a page adds."""
    return [change.path for change in page.changes if change.path is not None and change.path.startswith("tests/")]


@pytest.fixture(scope="module")
def results(changed: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """(page, text) -> result."""
    root = changed.parent / "root"
    root.mkdir(exist_ok=True)
    keys, steps = [], []
    for page in PAGES:
        for what in [*page.of("settings"), *(task for item in page.of("command") for task in tasks_of(item))]:
            keys.append((page.path, what.text))
            steps.append(step(what, root) if isinstance(what, Task) else {"settings": what.text.split()})
        for path in added_tests(page):
            keys.append((page.path, path))
            steps.append({"pytest": [path], "root": str(changed), "set": {"VARESEARCH_ROOT": str(root)}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(changed / "src"))
        return dict(zip(keys, conduct(steps, changed.parent), strict=True))


def test_each_page_adds_something_of_its_own():
    assert {page.path for page in PAGES} == {
        f"docs/how-to/own-{what}.md" for what in ("backend", "cell", "connector", "metric", "stimulus", "wiring")
    }
    assert all(page.changes and page.of("command") for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_the_commands_of_a_page_that_changes_the_sources(page: Page, results: dict[tuple[str, str], dict[str, Any]]):
    for item in page.of("command"):
        for task in tasks_of(item):
            check(task, results[page.path, task.text])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_the_settings_and_tests_of_a_page_that_changes_the_sources(
    page: Page, results: dict[tuple[str, str], dict[str, Any]]
):
    for name in (*(item.text for item in page.of("settings")), *added_tests(page)):
        result = results[page.path, name]
        assert result["exit"] == 0, f"{page.path}: {name}\n{result['out']}\n{result['err']}"


def test_what_the_pages_add_keeps_to_the_rules_of_the_project(changed: Path):
    """ruff, as for the rest."""
    paths = [change.path for page in PAGES for change in page.changes if change.path and change.path.endswith(".py")]
    added = [path if (changed / path).exists() else f"../root/{path}" for path in paths]
    edited = [
        "src/varesearch/config",
        "src/varesearch/network",
        "src/varesearch/backends",
        "src/varesearch/model",
        "src/varesearch/metrics",
    ]
    ruff = Path(sys.executable).with_name("ruff")
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [ruff, *command, *added, *edited], cwd=changed, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
