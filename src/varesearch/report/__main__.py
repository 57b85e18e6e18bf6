"""``python -m varesearch.report RUN_OR_SWEEP``; see :mod:`varesearch.report.command`."""

import sys

from varesearch.report.command import main

if __name__ == "__main__":
    sys.exit(main())
