"""``python -m varesearch.compare A B``; see :mod:`varesearch.compare.command`."""

import sys

from varesearch.compare.command import main

if __name__ == "__main__":
    sys.exit(main())
