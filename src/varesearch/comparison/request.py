"""What ``varesearch compare`` is asked to do: which two sides are compared, and how they are run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from varesearch.comparison.sides import MOST_SEEDS
from varesearch.config.backend import BackendSettings
from varesearch.config.errors import ConfigurationError
from varesearch.config.parts import parts
from varesearch.config.restore import OWN_MACHINE, MachineChoice


@dataclass(frozen=True)
class CompareRequest:
    """Two sides to compare.

    Attributes
    ----------
    words
        The words after ``varesearch compare``, as the user gave them.
    runs
        Two names of runs, or None.
    backends
        Two back ends, or None; ``sides`` then holds their settings, the same for both.
    sides
        The settings of A and of B.
    seeds
        The number that the user gave; None for the default, which depends on the kind of comparison.
    uri
        The store of the recorded runs; None: the project's.
    config_dir
        The folder of the user's own options.
    machine
        The machine on which the natural spread of recorded runs is measured.
    """

    words: tuple[str, ...]
    runs: tuple[str, str] | None
    backends: tuple[str, str] | None
    sides: tuple[tuple[str, ...], tuple[str, ...]]
    seeds: int | None
    uri: str | None
    config_dir: Path | None
    machine: MachineChoice = OWN_MACHINE


def compare_request(
    argv: Sequence[str],
    words: Sequence[str],
    seeds: int | None = None,
    uri: str | None = None,
    config_dir: Path | None = None,
    machine_from_record: bool = False,
) -> CompareRequest:
    """Sort the words of ``varesearch compare`` into the two sides.

    Parameters
    ----------
    argv
        All words that the user gave, which are stored with the comparison.
    words
        The words without the flags; ``--`` separates the settings of the two sides.
    seeds, uri, config_dir, machine_from_record
        The values of the flags, None or False if they were not given.

    Raises
    ------
    ConfigurationError
        The words do not name two sides.
    """
    if seeds is not None and not 1 <= seeds <= MOST_SEEDS:
        raise ConfigurationError(f"--seeds {seeds}: give a number from 1 to {MOST_SEEDS}")
    runs, backends, sides, machine = _sides(_parts(words), config_dir)
    if runs is None and uri is not None:
        raise ConfigurationError(f"--uri {uri}: applies to recorded runs only; for new runs set tracking.uri")
    if runs is None and machine_from_record:
        raise ConfigurationError("--machine-from-record: applies to recorded runs only; leave it out")
    return CompareRequest(
        tuple(argv), runs, backends, sides, seeds, uri, config_dir, MachineChoice(machine, machine_from_record)
    )


def _parts(words: Sequence[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "--":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _sides(
    given: Sequence[list[str]], config_dir: Path | None
) -> tuple[tuple[str, str] | None, tuple[str, str] | None, tuple[tuple[str, ...], tuple[str, ...]], tuple[str, ...]]:
    """The two runs or None, the two back ends or None, the settings of both sides, and the machine for two runs."""
    if len(given) > 3:
        raise ConfigurationError("-- may be given at most twice: SETTINGS OF A -- SETTINGS OF B -- SETTINGS OF BOTH")
    if len(given) > 1:
        a, b, *both = given
        for word in (*a, *b, *(both[0] if both else ())):
            if "=" not in word:
                raise ConfigurationError(
                    f"{word}: is not a setting (KEY=VALUE); write two recorded runs or two back ends without --"
                )
        shared = both[0] if both else []
        return None, None, ((*a, *shared), (*b, *shared)), ()
    words = given[0]
    setting = next((word for word in words[:2] if "=" in word), None)
    if setting is not None:
        raise ConfigurationError(f"{setting}: is a setting; put -- between the settings of A and those of B")
    if len(words) < 2:
        raise ConfigurationError("two sides are needed: RUN RUN, BACKEND BACKEND SETTINGS, or SETTINGS -- SETTINGS")
    first, second, *rest = words
    known = parts(BackendSettings, config_dir)
    if first in known and second in known:
        return None, (first, second), (tuple(rest), tuple(rest)), ()
    other = next((word for word in rest if not word.startswith("backend.")), None)
    if other is not None:
        raise ConfigurationError(
            f"{other}: recorded runs take no settings; give them with two back ends ({', '.join(known)}), or "
            "write SETTINGS -- SETTINGS"
        )
    return (first, second), None, ((), ()), tuple(rest)
