"""All checks by subject, and which of their findings count as failures."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path

from varesearch.config.backend import BackendSettings
from varesearch.config.options import check_config_dir
from varesearch.config.parts import parts
from varesearch.doctor.finding import Finding, State

_COMPUTER = {
    "memory": "varesearch.doctor.machine:memory",
    "disk": "varesearch.doctor.machine:disk",
    "store": "varesearch.doctor.machine:store",
    "packages": "varesearch.doctor.packages:packages",
    "compilers": "varesearch.doctor.machine:compilers",
}
"""Subject -> its check, ``module:function``."""


def subjects(config_dir: Path | None = None) -> list[str]:
    """Return the subjects: those of the computer, the quick ones first, then the back ends.

    Raises ConfigurationError if ``config_dir``, the user's folder of parts, is missing or holds a faulty part.
    """
    if config_dir is not None:
        check_config_dir(config_dir)
    return [*_COMPUTER, *parts(BackendSettings, config_dir)]


def examine(asked: Sequence[str], full: bool, config_dir: Path | None = None) -> Iterator[Finding]:
    """Make the checks one after the other.

    Parameters
    ----------
    asked
        The subjects to check; none: all.
    full
        Whether to compile code, and to read all files of all packages.
    config_dir
        The user's folder of parts, whose back ends are checked too.

    Yields
    ------
    Finding
        The result of each check.
    """
    for subject in subjects(config_dir):
        if not asked or subject in asked:
            yield from _check(subject, config_dir)(full)


def _check(subject: str, config_dir: Path | None) -> Callable[[bool], Iterator[Finding]]:
    if subject not in _COMPUTER:
        from varesearch.doctor.simulators import simulator

        return partial(simulator, subject, config_dir=config_dir)
    module, _, function = _COMPUTER[subject].partition(":")
    return getattr(import_module(module), function)


def failed(finding: Finding, asked: Sequence[str]) -> bool:
    """Return whether a finding is a failure: something is broken, or is absent although its subject was named."""
    return finding.state is State.BROKEN or (finding.state is State.ABSENT and finding.subject in asked)
