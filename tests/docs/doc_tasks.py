"""From a command of a page to what is run, and what must come of it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from doc_pages import TOP, Item
from doc_rules import Rule, matches, module, plain, rule_of, words

SESSIONS = Path(__file__).with_name("doc_sessions.py")
NOWHERE = "127.0.0.77"
"""An address of this computer at which no machine answers."""


@dataclass(frozen=True)
class Task:
    """A command as it is run: one of a page's, or a line of what its ``make`` would do."""

    item: Item
    text: str
    rule: Rule


@cache
def lines_of_make(text: str) -> list[str]:
    """What ``make`` would run, were the environment set up already."""
    target = ["make", "-n", "-o", ".venv/.ready", "--no-print-directory", *words(plain(text))[1:]]
    # What the make that runs these tests was given is not for this one.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("ARGS", "MAKEFLAGS", "MAKEOVERRIDES")
    }
    shown = subprocess.run(target, cwd=TOP, env=environment, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, f"{text}: {shown.stderr}"
    return [line for line in shown.stdout.replace("\\\n", " ").splitlines() if line.strip()]


def tasks_of(item: Item) -> Iterator[Task]:
    """The command by itself, or what its ``make`` runs. Fails for a command that has no rule."""
    lines = lines_of_make(item.text) if item.text.startswith("make ") else [item.text]
    for line in lines:
        rule = rule_of(item if line == item.text else replace(item, text=line, inline=False))
        runs = "" if line == item.text else f", which runs `{line}`,"
        assert rule is not None, f"{item.where}: `{item.text}`{runs} has no rule; give it one in doc_rules.py"
        yield Task(item, line, rule)


def step(task: Task, root: Path) -> dict[str, Any]:
    """What doc_sessions.py is to do for a command."""
    name, given = module(plain(task.text))
    if task.rule.name in ("the name of a command in a sentence", "a study", "a tool of the benchmarks"):
        given = [*given, "--help"]
    if task.rule.name == "a machine that nobody has here":
        given = [elsewhere(word) for word in given]
    variables = dict(found.split("=", 1) for found in re.findall(r"(?:^|\s)([A-Z_]+=\S+)(?=.*python)", task.text))
    if "VARESEARCH_ROOT" in variables:
        variables["VARESEARCH_ROOT"] = str(root / variables["VARESEARCH_ROOT"])
        Path(variables["VARESEARCH_ROOT"]).mkdir(exist_ok=True)
    return {"module": name, "words": given, "root": str(root), "set": variables}


def elsewhere(word: str) -> str:
    """The same setting, with an address of this computer."""
    word = re.sub(r"(?<=machine_name=).*", NOWHERE, word)
    word = re.sub(r"(?<=spalloc_server=)(?!http).*", f"{NOWHERE}:9", word)
    return re.sub(r"(?<==https://)[^/]*", f"{NOWHERE}:9", word)


def conduct(steps: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """The results of steps, which share one process that pays the imports."""
    cases = folder / "steps.json"
    cases.write_text(json.dumps(steps))
    ran = subprocess.run([sys.executable, str(SESSIONS), str(cases)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def check(task: Task, result: dict[str, Any]) -> None:
    """The exit code, and what is printed where the page says it."""
    expected = task.item.expected
    refused = expected is not None and expected.startswith("varesearch")
    what = f"{task.item.where}: `{task.text}` ended with {result['exit']}\n{result['out']}\n{result['err']}"
    if task.rule.name == "a machine that nobody has here":
        assert result["exit"] == 2 and NOWHERE in result["err"], what
        assert len(result["err"].splitlines()) == 1, what
    elif "verdict" in task.rule.name and expected is None:
        assert result["exit"] in (0, 1), what
        assert re.search("IDENTICAL|EQUIVALENT|DIFFERENT", result["out"]), what
    else:
        assert result["exit"] == (2 if refused else 0), what
    if expected is not None:
        printed = result["err"] if refused else result["out"]
        assert matches(expected, printed), f"{what}\nThe page says:\n{expected}"
