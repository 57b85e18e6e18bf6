"""``python -m varesearch``."""

import sys

from varesearch.cli import main

if __name__ == "__main__":
    sys.exit(main())
