"""``python -m varesearch.compare A B``; see :mod:`varesearch.compare.command`."""

import sys

from varesearch.signals import run_command


def main() -> int:
    """The command as a program: signals end it in one line, whenever they arrive."""
    return run_command("varesearch.compare", "varesearch.compare.command:main")


if __name__ == "__main__":
    sys.exit(main())
