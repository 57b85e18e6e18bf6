"""The command line of ``python -m varesearch.compare``: which two sides are compared, and how they are run."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from varesearch.backends import BACKENDS
from varesearch.compare.sides import MOST_SEEDS, SEEDS
from varesearch.compare.spread import MIN_SEEDS
from varesearch.config.errors import ConfigurationError
from varesearch.config.options import options_of
from varesearch.config.recorded_machine import OWN_MACHINE, Machine

PROGRAM = "varesearch.compare"
# Stands for "--" while argparse reads the flags, which may come anywhere; no setting or run can have this name.
_BETWEEN = "\0"

_USAGE = """\
python -m varesearch.compare [flags] RUN RUN [backend.KEY=VALUE ...]
       python -m varesearch.compare [flags] BACKEND BACKEND [SETTING ...]
       python -m varesearch.compare [flags] [SETTING ...] -- [SETTING ...]"""

_DESCRIPTION = """\
What differs between two simulations, and by how much.

RUN RUN: two recorded runs (id, its first characters, or name), or two sweeps
over the seed. Two simulations of one network get a verdict: do they agree? For
two models, the settings that differ are shown, and how far the results differ.
A verdict may need further simulations. If they need a machine whose address is
in the record, choose one: --machine-from-record, or backend.KEY=VALUE.

BACKEND BACKEND SETTINGS: the model is run on both back ends, and the two runs
get a verdict.

SETTINGS -- SETTINGS: two models. Settings before -- are those of A, settings
after it those of B, settings after a second -- apply to both; without settings
a side is the default model. Each is run over several seeds (runs that are in
the store are used again), and every metric is shown with its spread and the
size of the effect.

Exit code 0: the comparison was made, and if there is a verdict, the two agree;
1: they differ, or a run failed; 2: they cannot be compared, or no metric can
decide."""

_EXAMPLES = """\
examples:
  python -m varesearch.compare brian2 nest cell=izhikevich_delta
  python -m varesearch.compare -- cell.d=8
  python -m varesearch.compare experiment=seed_izhikevich -- \\
      experiment=seed_original_weights --seeds 5"""


@dataclass(frozen=True)
class Asked:
    """What the user asked for.

    Attributes
    ----------
    argv
        The words as the user gave them.
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

    argv: tuple[str, ...]
    runs: tuple[str, str] | None
    backends: tuple[str, str] | None
    sides: tuple[tuple[str, ...], tuple[str, ...]]
    seeds: int | None
    uri: str | None
    config_dir: Path | None
    machine: Machine = OWN_MACHINE

    @property
    def made_by(self) -> tuple[str, ...]:
        """The command: the module after ``python -m``, then its words."""
        return (PROGRAM, *self.argv)


def parse(argv: Sequence[str]) -> Asked:
    """Read the words after the program's name. Raises ConfigurationError for words that make no comparison."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {PROGRAM}",
        usage=_USAGE,
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EXAMPLES,
    )
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument(
        "--seeds",
        type=int,
        metavar="N",
        help=f"number of seeds: for each model (default {SEEDS}), or for the natural spread that a verdict needs "
        f"(default and minimum {MIN_SEEDS})",
    )
    parser.add_argument("--uri", metavar="URI", help="the store of the runs, if not the project's; as in tracking.uri")
    parser.add_argument(
        "--config-dir", type=Path, metavar="DIR", help="folder of your own options: DIR/GROUP/OPTION.yaml"
    )
    parser.add_argument(
        "--machine-from-record", action="store_true", help="connect to the machine in the record, with your credentials"
    )
    given = parser.parse_intermixed_args([_BETWEEN if word == "--" else word for word in argv])
    if given.seeds is not None and not 1 <= given.seeds <= MOST_SEEDS:
        raise ConfigurationError(f"--seeds {given.seeds}: give a number from 1 to {MOST_SEEDS}")
    parts = _parts(given.words)
    runs, backends, sides, machine = _sides(parts)
    if runs is None and given.uri is not None:
        raise ConfigurationError(f"--uri {given.uri}: applies to recorded runs only; for new runs set tracking.uri")
    if runs is not None and given.config_dir is not None:
        words = " ".join(options_of(given.config_dir))
        raise ConfigurationError(f"{words}: applies to settings, not to recorded runs; leave it out")
    if runs is None and given.machine_from_record:
        raise ConfigurationError("--machine-from-record: applies to recorded runs only; leave it out")
    asked_machine = Machine(machine, given.machine_from_record)
    return Asked(tuple(argv), runs, backends, sides, given.seeds, given.uri, given.config_dir, asked_machine)


def _parts(words: Sequence[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word == _BETWEEN:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _sides(
    parts: Sequence[list[str]],
) -> tuple[tuple[str, str] | None, tuple[str, str] | None, tuple[tuple[str, ...], tuple[str, ...]], tuple[str, ...]]:
    """The two runs or None, the two back ends or None, the settings of both sides, and the machine for two runs."""
    if len(parts) > 3:
        raise ConfigurationError("-- may be given at most twice: SETTINGS OF A -- SETTINGS OF B -- SETTINGS OF BOTH")
    if len(parts) > 1:
        a, b, *both = parts
        for word in (*a, *b, *(both[0] if both else ())):
            if "=" not in word:
                raise ConfigurationError(
                    f"{word}: is not a setting (KEY=VALUE); write two recorded runs or two back ends without --"
                )
        shared = both[0] if both else []
        return None, None, ((*a, *shared), (*b, *shared)), ()
    words = parts[0]
    setting = next((word for word in words[:2] if "=" in word), None)
    if setting is not None:
        raise ConfigurationError(f"{setting}: is a setting; put -- between the settings of A and those of B")
    if len(words) < 2:
        raise ConfigurationError("two sides are needed: RUN RUN, BACKEND BACKEND SETTINGS, or SETTINGS -- SETTINGS")
    first, second, *rest = words
    if first in BACKENDS and second in BACKENDS:
        return None, (first, second), (tuple(rest), tuple(rest)), ()
    other = next((word for word in rest if not word.startswith("backend.")), None)
    if other is not None:
        raise ConfigurationError(
            f"{other}: recorded runs take no settings; give them with two back ends ({', '.join(BACKENDS)}), or "
            "write SETTINGS -- SETTINGS"
        )
    return (first, second), None, ((), ()), tuple(rest)
