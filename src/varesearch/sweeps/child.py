"""A child of a sweep, in a process of its own: ``python -m varesearch.sweeps.child FOLDER``.

It knows nothing of the tracking store: everything goes to the folder, and the sweep's process tells the store.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from varesearch.backends import backend_class
from varesearch.config.errors import ConfigurationError
from varesearch.runner import record
from varesearch.sweeps.assignment import AssignmentFile
from varesearch.terminal import Terminal
from varesearch.tracking.endings import ending
from varesearch.tracking.files import LOG_FILE
from varesearch.tracking.log import LogCapture
from varesearch.tracking.root import ROOT_VARIABLE
from varesearch.tracking.run import carry_out


def run_assignment(given: Sequence[str]) -> int:
    """Do the run that a folder holds, leave its files and its record there, and return the exit code.

    ``given`` is the folder and, if the user named one for the sweep, the folder of the user's own parts: it comes from
    whoever starts this process, never from the assignment. What a single run shows on the terminal goes to its log.

    Raises ConfigurationError without an assignment, and for an own part that cannot be used.
    """
    where, config_dir = Path(given[0]), Path(given[1]) if len(given) > 1 else None
    assignment = AssignmentFile.read(where)
    if Path(assignment.root).is_dir():
        # Use the project of the sweep, wherever this process was started.
        os.environ[ROOT_VARIABLE] = assignment.root
    composed = assignment.composed(config_dir)
    with LogCapture(where / LOG_FILE) as capture:
        try:
            backend = backend_class(type(composed.config.backend))(composed.config)
            carry_out(
                assignment.description(),
                assignment.run_id,
                where,
                assignment.origin,
                lambda files: record(composed, backend, Terminal(capture.terminal), lambda work: work(files)),
            )
        except BaseException as error:
            how = ending(error)
            Terminal(capture.errors).line(f"varesearch: {how.status}: {how.reason}")
            return how.exit_code
    return 0


def main() -> int:
    """The command. Exit code 2 without an assignment, otherwise that of the run."""
    if len(sys.argv) not in (2, 3):
        print("usage: python -m varesearch.sweeps.child FOLDER [FOLDER_OF_OWN_PARTS]", file=sys.stderr)
        return 2
    try:
        return run_assignment(sys.argv[1:])
    except ConfigurationError as error:
        print(f"varesearch.sweeps.child: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
