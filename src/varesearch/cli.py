"""The command line: words in, exit code out.

0 done; 1 the run failed; 2 bad input, told in one line on stderr with nothing written to disk; 130 interrupted from the
keyboard; 143 ended by SIGTERM. Simulators, plotting and tracking are imported when a run begins, not before.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from varesearch import __version__
from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import did_you_mean, echoed

Action = Literal["run", "sweep", "help", "version", "backends"]

_FLAGS: dict[str, Action] = {"--help": "help", "-h": "help", "--version": "version", "--backends": "backends"}
_MULTIRUN = ("-m", "--multirun")
_CONFIG_DIR = "--config-dir"


@dataclass(frozen=True)
class Command:
    """What was asked for: ``words`` are the overrides of a run, or the topics of a help page."""

    action: Action
    words: tuple[str, ...] = ()
    config_dir: Path | None = None


def parse(argv: Sequence[str]) -> Command:
    """Read the words after the program's name. Raises ConfigurationError for a flag that does not exist."""
    action: Action = "run"
    words: list[str] = []
    config_dir: Path | None = None
    multirun = False
    rest = iter(argv)
    for word in rest:
        flag, equals, value = word.partition("=")
        if word in _FLAGS:
            action = _FLAGS[word]
        elif flag == _CONFIG_DIR:
            value = value if equals else next(rest, "")
            if not value:
                raise ConfigurationError(f"{_CONFIG_DIR} names no folder; write {_CONFIG_DIR} DIR")
            config_dir = Path(value).expanduser()
        elif word in _MULTIRUN:
            multirun = True
        elif word.startswith("-"):
            flags = [*_FLAGS, *_MULTIRUN, _CONFIG_DIR]
            raise ConfigurationError(
                f"{echoed(word)} is unknown; the flags are {', '.join(flags)}{did_you_mean(flag, flags)}"
            )
        else:
            words.append(word)
    if action in ("version", "backends") and words:
        raise ConfigurationError(f"{echoed(words[0])}: --{action} stands alone; leave one of the two out")
    if multirun:
        if action != "run":
            raise ConfigurationError(
                f"-m: goes with the words of a sweep, not with --{action}; leave one of the two out"
            )
        action = "sweep"
    return Command(action, tuple(words), config_dir)


def main(argv: Sequence[str] | None = None) -> int:
    """Do what ``argv`` (default: the process's own) asks for, and return the exit code."""
    try:
        code = execute(parse(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
        return code
    except ConfigurationError as error:
        _complain(str(error))
        return 2
    except BrokenPipeError:
        # Whoever read our output has gone (``| head``); the flush at exit must not complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0


def execute(command: Command) -> int:
    """Carry out a command and return the exit code. Raises ConfigurationError."""
    if command.action == "version":
        print(f"varesearch {__version__}")
        return 0
    if command.action == "backends":
        from varesearch.pages.backends import backends_page

        print(backends_page())
        return 0
    if command.action == "help":
        from varesearch.pages.help import help_page

        print(help_page(command.words, command.config_dir))
        return 0
    return _sweep(command) if command.action == "sweep" else _run(command)


def _run(command: Command) -> int:
    from varesearch.config.compose import compose
    from varesearch.config.validation.sense import warnings
    from varesearch.preflight import prepare

    composed = compose(command.words, command.config_dir)
    _refuse_sweep_settings(command.words)
    backend = prepare(composed.config)
    _warn(warnings([composed.config]))
    if composed.config.dry_run:
        from varesearch.pages.dry_run import dry_run_page

        print(dry_run_page(composed))
        return 0
    from varesearch.runner import run

    return run(composed, backend)


def _sweep(command: Command) -> int:
    from varesearch.config.validation.sense import warnings
    from varesearch.sweep.command import prepare, run_sweep

    sweep = prepare(command.words, command.config_dir)
    _warn(warnings([job.composed.config for job in (*sweep.jobs, *sweep.corners)]))
    if sweep.planner.settings.dry_run:
        from varesearch.sweep.dry_run import plan_page

        print(plan_page(sweep))
        return 0
    return run_sweep(sweep)


def _refuse_sweep_settings(words: Sequence[str]) -> None:
    from varesearch.config.launching import OF_SWEEPS

    for word in words:
        key = word.partition("=")[0]
        if key.split(".")[0] in OF_SWEEPS:
            raise ConfigurationError(f"{echoed(word)}: {key} is a setting of sweeps; add -m, or leave it out")


def _warn(lines: Sequence[str]) -> None:
    for line in lines:
        _complain(f"WARNING: {line}")


def _complain(message: str) -> None:
    print(f"varesearch: {' '.join(message.split())}", file=sys.stderr)
