"""A child of a sweep, in a process of its own.

It does not know the tracking store: it writes to the folder of its run, and the sweep's process writes to the store.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from varesearch.backends import backend_class
from varesearch.runner import perform
from varesearch.sweeps.assignment import AssignmentFile
from varesearch.terminal import Terminal
from varesearch.tracking.ending import ending
from varesearch.tracking.files import LOG_FILE
from varesearch.tracking.location import ROOT_VARIABLE
from varesearch.tracking.log import LogCapture
from varesearch.tracking.run import carry_out


def run_assignment(given: Sequence[str]) -> int:
    """Carry out the run whose assignment is in a folder, and leave its files and its record there.

    Parameters
    ----------
    given
        The folder and, if the user named one for the sweep, the folder of the user's own parts. It comes from the
        process that starts this one, never from the assignment.

    Returns
    -------
    int
        The exit code of the run. What a single run shows on the terminal goes to its log.

    Raises
    ------
    ConfigurationError
        The folder has no assignment, or a part of the user's own cannot be used.
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
                assignment.about,
                assignment.run_id,
                where,
                assignment.origin,
                lambda files: perform(composed, backend, Terminal(capture.terminal), lambda work: work(files)),
            )
        except BaseException as error:
            how = ending(error)
            Terminal(capture.errors).line(f"varesearch: {how.status}: {how.reason}")
            return how.exit_code
    return 0
