"""The known-answer test of a back end, in a process of its own: a simulator that crashes must not end the doctor.

``python -m varesearch.doctor.answers`` reads the request from standard input and prints the result, both as JSON.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from varesearch.backends.base import KnownAnswer
from varesearch.doctor.finding import Finding, State
from varesearch.signals import run_command

_LONGEST_S = 1800.0
"""Compilers on a busy machine take minutes."""


def ask(name: str, question: KnownAnswer, config_dir: Path | None = None) -> Finding:
    """Check whether a back end gives the right spikes.

    Parameters
    ----------
    name
        The name of the back end.
    question
        The settings and cells to check it with.
    config_dir
        The user's folder of parts, in which the back end may be.

    Returns
    -------
    Finding
        OK; BROKEN with the wrong cells or the error; ABSENT if no cell of the back end has known spikes.
    """
    settings = [f"backend={name}", *question.settings]
    folder = None if config_dir is None else str(config_dir.resolve())
    request = json.dumps({"settings": settings, "models": question.cells, "config_dir": folder})
    command = [sys.executable, "-m", "varesearch.doctor.answers"]
    what = question.what
    try:
        process = subprocess.run(
            command, input=request, capture_output=True, text=True, check=False, timeout=_LONGEST_S
        )
    except subprocess.TimeoutExpired:
        return _broken(name, what, f"no answer in {_LONGEST_S:g} s", settings)
    line = (process.stdout.splitlines() or [""])[-1]
    if process.returncode or not line.startswith("{"):
        error = (process.stderr.splitlines() or [f"the process ended with {process.returncode}"])[-1]
        return _broken(name, what, error, settings)
    result = json.loads(line)
    if result["problem"]:
        return _broken(name, what, result["problem"], settings)
    if result["wrong"]:
        return Finding(
            name,
            what,
            State.BROKEN,
            f"wrong spikes: {', '.join(result['wrong'])}",
            f"do not use {' '.join(settings)} with these cells here; reinstall the simulator, and report it if that "
            "does not help",
        )
    if not result["right"]:
        return Finding(name, what, State.ABSENT, "the right spikes are not known for any of its cells")
    return Finding(name, what, State.OK, f"right spikes from {', '.join(result['right'])}")


def _broken(name: str, what: str, found: str, settings: Sequence[str]) -> Finding:
    return Finding(name, what, State.BROKEN, found, f"varesearch run {' '.join(settings)} verbose=true says more")


def main() -> int:
    """Carry out the request on standard input and return the exit code."""
    from varesearch.config.compose import compose
    from varesearch.known_answers import known_answer
    from varesearch.tracking.location import cache_folder
    from varesearch.tracking.log import LogCapture
    from varesearch.tracking.store import first_line

    request = json.load(sys.stdin)
    config_dir = Path(request["config_dir"]) if request["config_dir"] else None
    result: dict[str, Any] = {"problem": "", "right": [], "wrong": []}
    with LogCapture() as capture:
        try:
            settings = compose(request["settings"], config_dir).config.backend
            for answer in known_answer(settings, cache_folder(), request["models"]):
                result["right" if answer.right else "wrong"].append(answer.model)
        except Exception as error:
            result["problem"] = first_line(error)
        print(json.dumps(result), file=capture.terminal, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(run_command("varesearch", "varesearch.doctor.answers:main"))
