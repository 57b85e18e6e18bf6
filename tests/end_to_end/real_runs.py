"""Real runs of the program, each in a process of its own, forked from one that has imported the simulators once.

``python real_runs.py CASES.json`` runs the cases in turn and prints their results as JSON. A case is a dict with
``root`` (the project's folder), ``words`` (overrides) and, to be struck down, ``phase``, the phase of the run in whose
middle it happens, and ``signal``, the signal that is sent, ``error``, the message of the exception that is raised, or
``logged``, the message that a simulator logs as an error while the run goes on.
A result holds ``exit`` (negative: the signal), ``out``, ``err``.
"""

import gc
import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from varesearch import cli
from varesearch.backends import backends
from varesearch.config.compose import compose
from varesearch.phases import Phases


def strike(case: dict[str, Any]) -> None:
    """Make this process send itself the case's signal, or raise its error, as soon as it is in the case's phase."""
    original = Phases.phase

    @contextmanager
    def struck(self: Phases, name: str) -> Iterator[None]:
        with original(self, name):
            if name == case["phase"] and "signal" in case:
                os.kill(os.getpid(), getattr(signal, case["signal"]))
            if name == case["phase"] and "error" in case:
                raise RuntimeError(case["error"])
            if name == case["phase"] and "logged" in case:
                logging.getLogger("brian2.devices").error(case["logged"])
            yield

    Phases.phase = struck


def conduct(case: dict[str, Any]) -> dict[str, Any]:
    """Run one case in a child process."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os.environ["VARESEARCH_ROOT"] = case["root"]
            if "phase" in case:
                strike(case)
            code = 70
            try:
                code = cli.main(case["words"])
            finally:
                sys.stdout.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        out.seek(0)
        err.seek(0)
        return {
            "exit": os.waitstatus_to_exitcode(status),
            "out": out.read().decode(),
            "err": err.read().decode(),
        }


def main() -> None:
    """Import what every run needs, then run the cases."""
    import mlflow.store.tracking.sqlalchemy_store  # noqa: F401

    import varesearch.metrics
    import varesearch.plots
    import varesearch.runner  # noqa: F401

    backends()["brian2"](compose([]).config).load()
    gc.freeze()
    print(json.dumps([conduct(case) for case in json.loads(Path(sys.argv[1]).read_text())]))


if __name__ == "__main__":
    main()
