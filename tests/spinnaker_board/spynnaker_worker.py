"""Runs scripts of ``scripts.py`` one after another in one process: JSON lines in, JSON lines out."""

from __future__ import annotations

import json
import os
import sys
import traceback

import scripts


def main() -> None:
    """Serves until standard input ends. What sPyNNaker prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"result": getattr(scripts, request["script"])(**request["arguments"])}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
