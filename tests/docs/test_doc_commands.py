"""Every command, setting, flag and program of the documentation does what its page says.

Each is taken from the pages as it stands (see ``doc_pages``) and run by its rule (see ``doc_rules``). The pages that
change the sources are another file's, test_doc_how_to.py.
"""

import contextlib
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from doc_pages import TOP, Item, Page, all_pages
from doc_rules import RULES, WRITERS, Rule, fill, module, plain
from doc_servers import serve
from doc_tasks import Task, check, conduct, step, tasks_of

pytestmark = pytest.mark.timeout(900)  # the first test pays for all of them

PAGES = [page for page in all_pages() if not page.changes]


def names_of_runs(page: Page) -> set[str]:
    """The names that a page gives to runs."""
    return set(re.findall(r"tracking\.run_name=(\S+)", " ".join(item.text for item in page.of("command"))))


def root_of(page: Page, place: Path, text: str) -> Path:
    """The folder for a command or a program of a page: its page's own, if it makes or wants a run of a certain name."""
    own = any(re.search(rf"\b{name}\b", text) for name in names_of_runs(page))
    return place / (re.sub(r"\W", "-", page.path) if own else "shared")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all roots; ``written`` is a checkout as far as the pages need it that a command writes."""
    place = tmp_path_factory.mktemp("documentation")
    for page in PAGES:
        for name in ("", *names_of_runs(page)):
            root_of(page, place, name).mkdir(exist_ok=True)
    copy_pages(place / "written")
    return place


def copy_pages(to: Path) -> None:
    """A checkout as far as the commands need it that write pages."""
    to.mkdir()
    (to / "pyproject.toml").touch()
    for name in ("docs", "experiments"):
        shutil.copytree(TOP / name, to / name)


def fast(rule: Rule) -> bool:
    """Is it run in every suite?"""
    others = (
        "the name of a command in a sentence",
        "a machine that nobody has here",
        "a study",
        "a tool of the benchmarks",
    )
    return rule.how == "run" or rule.name in others


def step_of(page: Page, place: Path, what: Task | Item) -> dict[str, Any]:
    """What doc_sessions.py is to do for a command, a program, or settings."""
    if isinstance(what, Task):
        written = "page of the documentation" in what.rule.name
        return step(what, place / "written" if written else root_of(page, place, what.text))
    if what.kind == "settings":
        return {"settings": shlex.split(what.text)}
    return {"python": what.text, "root": str(root_of(page, place, what.text))}


def key(step: dict[str, Any]) -> str:
    """The same for steps of which one is enough: pages say many things twice."""
    return json.dumps({**step, "words": [fill(word, "RUN") for word in step.get("words", [])]}, sort_keys=True)


WRITTEN_BY = [f"python -m {name}" for name in WRITERS]
Find = Callable[[Page, Task | Item], dict[str, Any]]


@pytest.fixture(scope="module")
def result_of(place: Path) -> Find:
    """The result of every command, program and setting that is no slow one, each page's in its order."""
    steps: dict[str, dict[str, Any]] = {}
    for page in PAGES:
        for item in page.items:
            for what in whats(item):
                one = step_of(page, place, what)
                steps.setdefault(key(one), one)
    results = dict(zip(steps, conduct(list(steps.values()), place), strict=True))
    return lambda page, what: results[key(step_of(page, place, what))]


def whats(item: Item) -> Iterator[Task | Item]:
    """What of an item is run in every suite."""
    if item.kind == "command":
        # One without a rule costs its own page's test, not those of all pages.
        with contextlib.suppress(AssertionError):
            yield from (task for task in tasks_of(item) if fast(task.rule))
    elif item.kind == "settings" or (item.kind == "python" and not slow_program(item)):
        yield item


def slow_program(item: Item) -> bool:
    """A program that starts a board."""
    return "spinnaker_board" in item.text


def test_every_command_has_a_rule_and_every_rule_a_command():
    commands = [item for page in all_pages() for item in page.of("command")]
    assert len(commands) > 50
    used = {task.rule.name for item in commands for task in tasks_of(item)}
    unused = [rule.name for rule in RULES if rule.name not in used]
    assert not unused, f"no page has a command for these rules of tests/docs/doc_rules.py: {unused}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_the_commands_of_a_page(page: Page, result_of: Find):
    for item in page.of("command"):
        for task in tasks_of(item):
            if fast(task.rule):
                check(task, result_of(page, task))
            elif task.rule.how == "instead":
                INSTEAD[task.rule.name](task)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_the_programs_and_settings_of_a_page(page: Page, result_of: Find):
    for item in (*page.of("settings"), *page.of("python")):
        for what in whats(item):
            result = result_of(page, what)
            assert result["exit"] == 0, f"{item.where}: {item.text}\n{result['out']}\n{result['err']}"


def test_the_flags_of_the_pages_exist(result_of: Find):
    """In the help of one of our commands, or in a command of the same page."""
    reference = next(page for page in PAGES if page.path == "docs/reference/commands.md")
    tasks = [task for item in reference.of("command") for task in tasks_of(item)]
    helped = " ".join(result_of(reference, task)["out"] for task in tasks if task.rule.name.startswith("--help of"))
    for page in PAGES:
        commands = " ".join(item.text for item in page.of("command"))
        for item in page.of("flags"):
            flag = re.split(r"[ =]", item.text)[0]
            assert re.search(rf"{flag}\b", f"{helped} {commands}"), f"{item.where}: no command has {flag}"


def test_pages_that_a_command_writes_are_up_to_date(result_of: Find, place: Path):
    """If not: ``make docs`` writes them, or the command that stands in their first lines."""
    written = [page for page in PAGES if any(item.text in WRITTEN_BY for item in page.of("command") if item.line == 3)]
    assert len(written) == 3
    for page in written:
        writers = [task for item in page.of("command") for task in tasks_of(item) if item.text in WRITTEN_BY]
        assert [result_of(page, task)["exit"] for task in writers] == [0], page.path
        same = (place / "written" / page.path).read_text() == (TOP / page.path).read_text()
        assert same, f"{page.path} is not up to date: {writers[0].text}"


def slow_pages() -> list[Page]:
    """Those with a command that only the slow tests run."""
    return [page for page in PAGES if any(map(slow_program, page.of("python"))) or any(map(slow, page.of("command")))]


def slow(item: Item) -> bool:
    """Is a command, or what its ``make`` runs, left to the slow tests?"""
    try:
        return any(task.rule.how in ("slow", "server") for task in tasks_of(item))
    except AssertionError:  # that it has no rule, or make no such target, is what another test says
        return False


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("page", slow_pages(), ids=lambda page: page.path)
def test_a_page_from_its_first_command_to_its_last(page: Page, tmp_path: Path):
    """All of it in order, in a folder of its own; what serves is started, seen to answer, and ended with the page."""
    (tmp_path / "root").mkdir()
    copy_pages(tmp_path / "written")
    todo: list[tuple[Task | Item, dict[str, Any]]] = []
    servers = []
    for item in page.items:
        if item.kind == "python":
            todo.append((item, {"python": item.text, "root": str(tmp_path / "root")}))
        for task in tasks_of(item) if item.kind == "command" else ():
            if task.rule.how == "server":
                servers.append(task)
            elif task.rule.how == "slow" or fast(task.rule):
                at = tmp_path / ("written" if "page of the documentation" in task.rule.name else "root")
                todo.append((task, step(task, at)))
    with serve([task.text for task in servers if "mlflow server" in task.text], tmp_path / "root"):
        # Readers who open the tracker have run something, perhaps on another page.
        before = [{"example": True, "root": str(tmp_path / "root")}] if servers else []
        done = conduct([*before, *(each for _, each in todo)], tmp_path)[len(before) :]
    for (what, _), result in zip(todo, done, strict=True):
        if isinstance(what, Task):
            check(what, result)
        else:
            assert result["exit"] == 0, f"{what.where}\n{result['out']}\n{result['err']}"
    for task in servers:
        if "mlflow server" not in task.text:
            with serve([task.text], tmp_path / "root"):
                pass


def in_the_environment(task: Task) -> None:
    for name in re.findall(r"\.venv/bin/(\S+)", task.text):
        assert (Path(sys.executable).parent / name).exists(), f"{task.item.where}: {name} is not installed"


def paths_exist(task: Task) -> None:
    for word in module(plain(task.text))[1]:
        if word.startswith(("tests", "docs", "src")):
            assert (TOP / word.partition("::")[0]).exists(), f"{task.item.where}: `{task.text}`: there is no {word}"


def has_extra(task: Task) -> None:
    extras = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for name in re.findall(r"varesearch\[(\w+)\]", task.text):
        assert name in extras, f"{task.item.where}: `{task.text}`: there is no extra {name}"


def lists_its_targets(task: Task) -> None:
    listed = subprocess.run(["sh", "-c", task.text], cwd=TOP, capture_output=True, text=True, check=True).stdout
    targets = {line.split()[0] for line in listed.splitlines()}
    assert {"run", "ui", "test", "docs", "bench"} <= targets


INSTEAD = {
    "make's list of its targets": lists_its_targets,
    "the suite, or a part of it": paths_exist,
    "a tool of make's": in_the_environment,
    "the shell's environment": in_the_environment,
    "a tunnel to another machine": lambda _task: None,
    "a command of SLURM": lambda _task: None,
    "an extra that is installed": has_extra,
}
"""Name of a rule -> what is tested instead of running the command."""


def test_what_is_tested_instead_is_said():
    by_hand = [rule for rule in RULES if rule.how == "instead" and not fast(rule)]
    assert {rule.name for rule in by_hand} == set(INSTEAD)
    assert all(rule.instead for rule in RULES if rule.how == "instead")


def test_readme_names_no_file_that_is_missing():
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (TOP / name).read_text()
        for target in re.findall(r"\]\(([^)#]+)", text):
            assert target.startswith("http") or (TOP / target).exists(), f"{name}: there is no {target}"
