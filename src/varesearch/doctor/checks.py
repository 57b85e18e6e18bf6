"""All checks by subject, and what of their findings counts as a failure."""

from collections.abc import Iterator, Sequence
from importlib import import_module

from varesearch.doctor.finding import Finding, State

SUBJECTS = {
    "memory": "varesearch.doctor.machine:memory",
    "disk": "varesearch.doctor.machine:disk",
    "store": "varesearch.doctor.machine:store",
    "packages": "varesearch.doctor.packages:packages",
    "compilers": "varesearch.doctor.machine:compilers",
    "brian2": "varesearch.doctor.simulators:brian2",
    "nest": "varesearch.doctor.simulators:nest",
    "spinnaker": "varesearch.doctor.simulators:spinnaker",
}
"""Subject -> its check, ``module:function``: it takes ``full`` (whether to compile, and to read all files of all
packages) and yields its findings. The quick ones come first."""


def examine(asked: Sequence[str], full: bool) -> Iterator[Finding]:
    """Make the checks of the subjects ``asked`` (none: all), one after the other."""
    for subject, where in SUBJECTS.items():
        if not asked or subject in asked:
            module, _, function = where.partition(":")
            yield from getattr(import_module(module), function)(full)


def failed(finding: Finding, asked: Sequence[str]) -> bool:
    """Whether the command is to end with 1: something is broken, or absent although its subject was asked for."""
    return finding.state is State.BROKEN or (finding.state is State.ABSENT and finding.subject in asked)
