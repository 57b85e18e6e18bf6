"""Commands, programs and settings of the documentation, each in a process forked from one that has paid the imports.

``python doc_sessions.py STEPS.json`` takes a list of steps and prints their results. A step is a dict with ``root``,
the folder that it works in and keeps its runs in, and one of

* ``module`` and ``words``: ``python -m MODULE WORDS``, or a script with its words, where RUN and its like stand for the
  id of the root's last run;
* ``python``: the text of a program;
* ``pytest``: files of tests;
* ``example``: a small run, for what comes after it;
* ``settings``: words that must be settings, for some option of their group where they name none.

A result holds ``exit`` (negative: a signal), ``out`` and ``err``.
"""

import gc
import json
import os
import re
import runpy
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

from doc_pages import TOP
from doc_rules import fill, has_placeholder

from varesearch.backends import backends
from varesearch.config.compose import Composer, compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.options import options
from varesearch.sweeps.space import read_space

Step = dict[str, Any]
EXAMPLE = ["connectivity.n=100", "recording.signals=[]", "tracking.run_name=example"]
"""What is run where a command wants a run and its page has none."""


def as_main(name: str, words: list[str]) -> int:
    """``python -m NAME WORDS`` or, if the name is a script's of the checkout, ``python NAME WORDS``; its exit code."""
    sys.argv = [name, *words]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that the module is imported already
        try:
            if name.endswith(".py"):
                sys.path.insert(0, str((TOP / name).parent))
                runpy.run_path(str(TOP / name), run_name="__main__")
            else:
                runpy.run_module(name, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def program(text: str) -> int:
    """The text as a program of its own."""
    exec(compile(text, "<documentation>", "exec"), {"__name__": "__main__"})
    return 0


def tests(files: list[str]) -> int:
    """The tests of these files."""
    import pytest

    return int(pytest.main(["-p", "no:cacheprovider", *files]))


def forked(step: Step, does: Callable[[], int]) -> dict[str, Any]:
    """What ``does`` leaves when a child of this process, in the step's folder, does it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            code = 70
            try:
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                signal.signal(signal.SIGINT, signal.default_int_handler)
                os.chdir(step["root"])
                own = {"VARESEARCH_ROOT": step["root"], "HOME": step["root"], "COLUMNS": "110"}
                os.environ.update({**own, **step.get("set", {})})
                code = does()
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        out.seek(0)
        err.seek(0)
        return {"exit": os.waitstatus_to_exitcode(status), "out": out.read().decode(), "err": err.read().decode()}


def composed(words: list[str], composer: Composer) -> dict[str, Any]:
    """Are these settings, of a run or of a sweep? Groups that are not chosen may have any of their options."""
    groups = sorted({word.partition(".")[0] for word in words if "." in word.partition("=")[0]})
    free = [group for group in groups if not any(word.startswith(f"{group}=") for word in words)]
    said = ""
    choices = [[None, *(name for name in options()[group] if group != "experiment")] for group in free]
    for chosen in product(*choices):
        given = [f"{group}={name}" for group, name in zip(free, chosen, strict=True) if name is not None]
        try:
            space = read_space([*given, *words], options())
            bounded = any(dimension.bounds is not None for dimension in space.dimensions)
            for point in [space.first()] if bounded else space.points():
                composer.compose(point)
        except ConfigurationError as error:
            said = said or str(error)
        else:
            return {"exit": 0, "out": "", "err": ""}
    return {"exit": 2, "out": "", "err": said}


def main() -> None:
    """Import what every run needs, then go through the steps."""
    import mlflow.store.tracking.sqlalchemy_store  # noqa: F401

    import varesearch.metrics
    import varesearch.plots
    import varesearch.runner  # noqa: F401

    backends()["brian2"](compose([]).config).load()
    gc.freeze()
    runs: dict[str, str] = {}
    composer = Composer()

    def take(step: Step, words: list[str]) -> dict[str, Any]:
        result = forked(step, lambda: as_main(step.get("module", "varesearch"), words))
        found = re.findall(r"^run ([0-9a-f]{32}) FINISHED", result["out"], re.MULTILINE)
        kept_here = not any(word.startswith(("tracking=server", "tracking.uri=")) for word in words)
        if found and kept_here and "spike_count" in result["out"]:  # a mapping has nothing to look at
            runs[step["root"]] = found[-1]
        return result

    results = []
    for step in json.loads(Path(sys.argv[1]).read_text()):
        if "settings" in step:
            results.append(composed(step["settings"], composer))
        elif "example" in step:
            results.append(take(step, EXAMPLE))
        elif "pytest" in step:
            results.append(forked(step, lambda step=step: tests(step["pytest"])))
        else:
            needs_run = "python" in step or any(has_placeholder(word) for word in step["words"])
            if needs_run and step["root"] not in runs:
                take({"root": step["root"]}, EXAMPLE)
            if "python" in step:
                results.append(forked(step, lambda step=step: program(step["python"])))
            else:
                results.append(take(step, [fill(word, runs.get(step["root"], "")) for word in step["words"]]))
    print(json.dumps(results))


if __name__ == "__main__":
    main()
