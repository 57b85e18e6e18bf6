"""``python -m varesearch.report RUN_OR_SWEEP``; see :mod:`varesearch.report.command`."""

import sys

from varesearch.signals import run_command


def main() -> int:
    """The command as a program: signals end it in one line, whenever they arrive."""
    return run_command("varesearch.report", "varesearch.report.command:main")


if __name__ == "__main__":
    sys.exit(main())
