"""``varesearch`` and ``python -m varesearch``."""

import sys

from varesearch.signals import run_command


def main() -> int:
    """The command as a program: signals end it in one line, whenever they arrive."""
    return run_command("varesearch", "varesearch.cli:main")


if __name__ == "__main__":
    sys.exit(main())
