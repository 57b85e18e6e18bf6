"""Studies in their small form, each in a process of its own, forked from one that has imported what all of them need.

``python small_studies.py ROOT STUDY...`` runs the studies in turn, in the store of the folder ROOT, and prints as JSON
a list of ``exit``, ``out``, ``err`` of each. Page and figures of a study are in ``ROOT/pages/STUDY``; a study that is
named again is started again, and writes to ``ROOT/again/STUDY``.
"""

import gc
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from varesearch.cli import main as varesearch


def conduct(study: str, root: Path, pages: str) -> dict[str, Any]:
    """Run one study in a child process."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os.environ["VARESEARCH_ROOT"] = str(root)
            code = 70
            try:
                code = varesearch(["studies", study, "--small", "--to", str(root / pages / study)])
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        out.seek(0)
        err.seek(0)
        return {"exit": os.waitstatus_to_exitcode(status), "out": out.read().decode(), "err": err.read().decode()}


def main() -> None:
    """Import what every study needs, then run those that are named."""
    import mlflow.store.tracking.sqlalchemy_store  # noqa: F401
    import scipy.stats  # noqa: F401

    import varesearch.metrics
    import varesearch.plots
    import varesearch.runner
    import varesearch.sweeps.command  # noqa: F401
    from varesearch.backends import backends
    from varesearch.config.compose import compose

    backends()["brian2"](compose([]).config).load()
    gc.freeze()
    root = Path(sys.argv[1])
    studies = sys.argv[2:]
    where = ["again" if study in studies[:place] else "pages" for place, study in enumerate(studies)]
    print(json.dumps([conduct(study, root, pages) for study, pages in zip(studies, where, strict=True)]))


if __name__ == "__main__":
    main()
