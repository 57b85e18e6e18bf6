"""``python -m varesearch.rerun RUN``; see :mod:`varesearch.rerun.command`."""

import sys

from varesearch.rerun.command import main

if __name__ == "__main__":
    sys.exit(main())
