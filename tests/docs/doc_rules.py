"""How each command of the documentation is tested: run as it stands, or, where that cannot be, what is done instead.

:func:`rule_of` gives a command its rule, and None to one that fits none: then the test fails and names it. A ``make``
has the rules of the lines that it would run. The rules whose ``how`` is "instead" are the commands that are not run as
they stand, each with what is tested in its place.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from doc_pages import Item

from varesearch.commands import NAMES

How = Literal["run", "slow", "server", "instead"]

MODULE = re.compile(r"^(?:python3?|\.venv/bin/python) (?:-m )?(\S+) ?(.*)$")
WRITERS = ("varesearch_tools.pages",)
"""They write pages below the working folder."""

_MACHINE = re.compile(r"backend\.machine=(board|spalloc|remote)\b")
_PLACEHOLDER = re.compile(r"(?<![\w/=.-])(RUN|SWEEP|RUN_OR_SWEEP|A|B)(?![\w/=.-])")
_DOTS = re.compile(r'\s*(?<=[ "])\.\.\.(?=["\s]|$)')


@dataclass(frozen=True)
class Rule:
    """``how``: run as it stands; the same, among the slow tests; started, seen to answer, and ended; or ``instead``.

    ``applies`` sees the command and its item.
    """

    name: str
    how: How
    applies: Callable[[str, Item], bool]
    instead: str = ""


def words(text: str) -> list[str]:
    """The command's words; what follows a # is a comment."""
    return shlex.split(text, comments=True)


def module(text: str) -> tuple[str, list[str]]:
    """Of ``python -m X Y`` and ``python X Y``: X and the words of Y; ("", []) of anything else."""
    found = MODULE.match(text)
    return (found[1], words(found[2])) if found else ("", [])


def called(text: str) -> tuple[str, list[str]]:
    """The same, where the command of ``varesearch`` belongs to the name: ``("varesearch compare", ["A", "B"])``."""
    name, given = module(text)
    if name != "varesearch":
        return name, given
    if not given:
        return "varesearch run", given
    if given[0] in NAMES:
        name, given = f"varesearch {given[0]}", given[1:]
    elif given[0] not in ("--help", "-h", "--version", "--backends"):
        name = "varesearch run"
    return ("varesearch sweep" if name == "varesearch run" and {"-m", "--multirun"} & {*given} else name), given


def plain(text: str) -> str:
    """The command without variables before it, and without ``...``, which stands for any settings.

    A console script is written as the module that it is.
    """
    text = re.sub(r"^(?:[A-Z_]+=\S+ )+", "", text)
    text = re.sub(r"^(?:\.venv/bin/)?(varesearch|spinnaker-board)(?= |$)", _as_module, text)
    return _DOTS.sub("", text).strip()


def _as_module(script: re.Match[str]) -> str:
    return f"python -m {script[1].replace('-', '_')}"


def has_placeholder(text: str) -> bool:
    """Does it say RUN, or another word that stands for a run?"""
    return bool(_PLACEHOLDER.search(text))


def fill(text: str, run_id: str) -> str:
    """Put the id of a run in the place of RUN and its like."""
    return _PLACEHOLDER.sub(run_id, text)


def _of(name: str, *flags: str) -> Callable[[str, Item], bool]:
    """The command NAME, with one of ``flags`` among its words if any are given."""

    def applies(text: str, _item: Item) -> bool:
        found, given = called(plain(text))
        return found == name and (not flags or any(word in flags for word in given))

    return applies


def _starts(*beginnings: str) -> Callable[[str, Item], bool]:
    return lambda text, _item: text.startswith(beginnings)


def _is_name(text: str, item: Item) -> bool:
    found, given = called(plain(text))
    return item.inline and found.startswith(("varesearch", "spinnaker_board")) and not given and found not in WRITERS


def _says(found: str, pattern: str) -> Callable[[str, Item], bool]:
    """A call of the command FOUND whose words have the ``pattern``."""
    return lambda text, _item: called(plain(text))[0] == found and bool(re.search(pattern, plain(text)))


_RUN = "varesearch run"

RULES: tuple[Rule, ...] = (
    Rule(
        "a tool of the benchmarks",
        "instead",
        lambda text, item: _of("varesearch bench")(text, item) and "--help" not in text,
        "--help of it; what it does is tested in tests/benchmarks",
    ),
    Rule("the name of a command in a sentence", "instead", _is_name, "--help of it"),
    *(
        Rule(f"--help of {name}", "run", _of(name, "--help", "-h"))
        for name in (
            "spinnaker_board",
            "varesearch",
            *(f"varesearch {name}" for name in NAMES),
        )
    ),
    Rule("a page that is printed", "run", _of("varesearch", "--backends", "--version")),
    Rule("what would be run", "run", _of(_RUN, "dry_run=true")),
    Rule("what a sweep would run", "run", _of("varesearch sweep", "dry_run=true")),
    Rule(
        "a machine that nobody has here",
        "instead",
        _says(_RUN, _MACHINE.pattern),
        "the same with an address of this computer where no machine answers: exit code 2 and one line that names it",
    ),
    Rule("a page of the documentation that is written", "run", lambda text, _: module(plain(text))[0] in WRITERS),
    Rule(
        "a study",
        "instead",
        lambda text, item: _of("varesearch studies")(text, item) and "--help" not in text,
        "--help of it; tests/studies runs each of them small",
    ),
    Rule("a sweep", "slow", _of("varesearch sweep")),
    Rule("a run on SpiNNaker's software board, or its mapping", "slow", _says(_RUN, "backend=spinnaker")),
    Rule("a run on NEST", "slow", _says(_RUN, r"backend=nest(?!.*dry_run)")),
    Rule("a run that a server keeps", "slow", _says(_RUN, r"tracking=server|tracking\.uri=http")),
    Rule("a run on Brian2", "run", _of(_RUN)),
    Rule("the verdict on two recorded runs", "run", _says("varesearch compare", _PLACEHOLDER.pattern)),
    Rule("what a comparison would run", "run", _of("varesearch compare", "dry_run=true")),
    Rule("a comparison of two models", "slow", _says("varesearch compare", r"(^| )-- ")),
    Rule(
        "a comparison of two runs by their names",
        "run",
        _says("varesearch compare", r"^\S+ -m \S+ compare (?!brian2|nest|spinnaker)\w+ \w+$"),
    ),
    Rule("the verdict on two back ends", "slow", _of("varesearch compare")),
    Rule("what works on this machine", "slow", _of("varesearch doctor")),
    Rule("a recorded run again", "run", _of("varesearch rerun")),
    Rule("the report of a run", "run", _of("varesearch report")),
    Rule("a network that is exported", "run", _of("varesearch export")),
    Rule("a network described", "run", _of("varesearch describe")),
    Rule("the software board", "server", _of("spinnaker_board")),
    Rule("the software board, by our command", "server", _of("varesearch board")),
    Rule("MLflow's pages on the store", "server", _of("varesearch ui")),
    Rule("MLflow's server", "server", _of("mlflow", "server")),
    Rule("make's list of its targets", "instead", _starts("grep -hE"), "it names those that the pages speak of"),
    Rule("the suite, or a part of it", "instead", _of("pytest"), "its paths exist"),
    Rule("a tool of make's", "instead", _starts(".venv/bin/", "rm -rf "), "the program is in the environment"),
    Rule("the shell's environment", "instead", _starts(". .venv/bin/activate"), "that file is in the environment"),
    Rule("an extra that is installed", "instead", _starts("pip install 'varesearch["), "pyproject.toml has it"),
    Rule(
        "a command of SLURM",
        "instead",
        _starts("sbatch ", "squeue", "scancel ", "sacct "),
        "nothing here: tests/cluster runs sweeps on a real SLURM",
    ),
    Rule("a tunnel to another machine", "instead", _starts("ssh "), "nothing: there is no other machine"),
)


def rule_of(item: Item) -> Rule | None:
    """The first rule that applies to a command, None if there is none."""
    return next((rule for rule in RULES if rule.applies(item.text, item)), None)


def matches(expected: str, printed: str) -> bool:
    """Does a page's ``expected`` fit what was ``printed``? White space counts as one blank, ``...`` is anything."""
    parts = [" ".join(part.split()) for part in expected.split("...")]
    pattern = ".*".join(re.escape(part) for part in parts)
    return re.fullmatch(pattern.strip(), " ".join(printed.split()).strip(), re.DOTALL) is not None
