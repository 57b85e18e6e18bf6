"""All checks by subject, and what of their findings counts as a failure."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module

from varesearch.config.backend import BackendSettings
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


def subjects() -> list[str]:
    """The subjects: those of the computer, the quick ones first, and each back end."""
    return [*_COMPUTER, *parts(BackendSettings)]


def examine(asked: Sequence[str], full: bool) -> Iterator[Finding]:
    """Make the checks of the subjects ``asked`` (none: all), one after the other.

    ``full`` allows to compile, and to read all files of all packages.
    """
    for subject in subjects():
        if not asked or subject in asked:
            yield from _check(subject)(full)


def _check(subject: str) -> Callable[[bool], Iterator[Finding]]:
    if subject not in _COMPUTER:
        from varesearch.doctor.simulators import simulator

        return partial(simulator, subject)
    module, _, function = _COMPUTER[subject].partition(":")
    return getattr(import_module(module), function)


def failed(finding: Finding, asked: Sequence[str]) -> bool:
    """Whether the command is to end with 1: something is broken, or absent although its subject was asked for."""
    return finding.state is State.BROKEN or (finding.state is State.ABSENT and finding.subject in asked)
