"""``python -m spinnaker_board`` or ``spinnaker-board``: a software SpiNNaker board on a loopback address."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from typing import NoReturn

from spinnaker_board.control import Control
from spinnaker_board.log_filter import RepeatFilter
from spinnaker_board.machine import MissingCoreError
from spinnaker_board.server import AddressError, Server, Settings
from spinnaker_board.shape import SHAPES

EXIT_BAD_INPUT = 2


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: a positive number is needed")
    return value


def _threads(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 64:
        raise argparse.ArgumentTypeError(f"{text}: 1 to 64 threads")
    return value


class _Parser(argparse.ArgumentParser):
    """A parser that reports bad input in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_BAD_INPUT, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="spinnaker-board",
        description="A software SpiNNaker board: executes the real application binaries. Point a script at it with "
        "machine_name = 127.0.0.2 and the same version in .spynnaker.cfg.",
    )
    parser.add_argument(
        "--version",
        type=int,
        choices=sorted(SHAPES),
        default=3,
        help="3: four chips; 5: 48 chips (default: %(default)s)",
    )
    parser.add_argument(
        "--address", default="127.0.0.2", help="loopback address, one for each board (default: %(default)s)"
    )
    parser.add_argument(
        "--threads",
        type=_threads,
        default=1,
        help="number of processors to use; the results do not depend on it (default: %(default)s)",
    )
    parser.add_argument(
        "--unbooted", action="store_true", help="wait for a boot image, like a board that has just been switched on"
    )
    parser.add_argument("--time-limit", type=_positive, metavar="S", help="stop after this many seconds")
    parser.add_argument(
        "--cache",
        metavar="DIR",
        help="compile frequently executed code with the C compiler and keep it in this private folder; without it, all "
        "code is interpreted, with the same results",
    )
    parser.add_argument("--log", metavar="FILE", help="write the log to a file instead of standard error")
    parser.add_argument("--verbose", action="store_true", help="also log datagrams that are dropped")
    parser.add_argument(
        "--control",
        action="store_true",
        help="answer a parent process over standard input and output; end when it goes away",
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run a board until Ctrl-C, SIGTERM, its time limit or its parent ends it; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        logging.basicConfig(
            filename=options.log,
            level=logging.DEBUG if options.verbose else logging.INFO,
            format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        )
    except OSError as error:
        print(f"log={options.log}: cannot be written: {error.strerror}", file=sys.stderr)
        return EXIT_BAD_INPUT
    for handler in logging.getLogger().handlers:
        handler.addFilter(RepeatFilter())
    settings = Settings(
        *(options.version, options.address, not options.unbooted),
        threads=options.threads,
        time_limit_s=options.time_limit,
        cache=options.cache,
    )
    try:
        server = Server(settings)
    except (AddressError, MissingCoreError) as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_INPUT
    with server:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: server.stop())
        if options.control:
            control = Control(sys.stdin.fileno(), sys.stdout.fileno())
            server.attach(control)
            control.send(ready=True)
        else:
            print(
                f"SpiNN-{options.version} at {options.address}: machine_name = {options.address}, "
                f"version = {options.version}",
                flush=True,
            )
        server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
