"""``python -m varesearch.rerun RUN``; see :mod:`varesearch.rerun.command`."""

import sys

from varesearch.signals import run_command


def main() -> int:
    """The command as a program: signals end it in one line, whenever they arrive."""
    return run_command("varesearch.rerun", "varesearch.rerun.command:main")


if __name__ == "__main__":
    sys.exit(main())
