"""``python -m varesearch.prune``; see :mod:`varesearch.prune.command`."""

import sys

from varesearch.signals import run_command

if __name__ == "__main__":
    sys.exit(run_command("varesearch.prune", "varesearch.prune.command:main"))
