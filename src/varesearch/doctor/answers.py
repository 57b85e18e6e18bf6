"""The known-answer test of a back end, in a process of its own: a simulator that crashes must not end the doctor.

``python -m varesearch.doctor.answers`` reads an order from standard input and prints what came of it, both as JSON.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from varesearch.backends.base import KnownAnswer
from varesearch.doctor.finding import Finding, State
from varesearch.signals import run_command

_LONGEST_S = 1800.0
"""Compilers on a busy machine take minutes."""


def ask(name: str, question: KnownAnswer) -> Finding:
    """Whether the back end ``name`` gives the right spikes: OK, or BROKEN with what the back end said."""
    words = [f"backend={name}", *question.settings]
    order = json.dumps({"words": words, "models": question.cells})
    command = [sys.executable, "-m", "varesearch.doctor.answers"]
    what = question.what
    try:
        ran = subprocess.run(command, input=order, capture_output=True, text=True, check=False, timeout=_LONGEST_S)
    except subprocess.TimeoutExpired:
        return _broken(name, what, f"no answer in {_LONGEST_S:g} s", words)
    line = (ran.stdout.splitlines() or [""])[-1]
    if ran.returncode or not line.startswith("{"):
        said = (ran.stderr.splitlines() or [f"the process ended with {ran.returncode}"])[-1]
        return _broken(name, what, said, words)
    result = json.loads(line)
    if result["problem"]:
        return _broken(name, what, result["problem"], words)
    if result["wrong"]:
        return Finding(
            name,
            what,
            State.BROKEN,
            f"wrong spikes: {', '.join(result['wrong'])}",
            f"do not use {' '.join(words)} with these cells here; reinstall the simulator, and report it if that does "
            "not help",
        )
    return Finding(name, what, State.OK, f"right spikes from {', '.join(result['right'])}")


def _broken(name: str, what: str, found: str, words: Sequence[str]) -> Finding:
    return Finding(name, what, State.BROKEN, found, f"varesearch run {' '.join(words)} verbose=true says more")


def main() -> int:
    """Carry out the order on standard input; the exit code."""
    from varesearch.config.compose import compose
    from varesearch.known_answers import known_answer
    from varesearch.tracking.location import cache_folder
    from varesearch.tracking.log import LogCapture
    from varesearch.tracking.store import first_line

    order = json.load(sys.stdin)
    result: dict[str, Any] = {"problem": "", "right": [], "wrong": []}
    with LogCapture() as capture:
        try:
            settings = compose(order["words"]).config.backend
            for answer in known_answer(settings, cache_folder(), order["models"]):
                result["right" if answer.right else "wrong"].append(answer.model)
        except Exception as error:
            result["problem"] = first_line(error)
        print(json.dumps(result), file=capture.terminal, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(run_command("varesearch", "varesearch.doctor.answers:main"))
