"""Every scheme x target x stimulus x weights x delays x rule x step against the same network on the reference target.

What must hold (``crossing_cases.same_scheme`` tells which):

* The same scheme in the same arithmetic: identical trains, that is, every cell fires in the same steps.
* Another scheme (NEST's adaptive rule for conductances) or another arithmetic (SpiNNaker's s16.15, with 16 bits for a
  weight): the same network, and trains that are the reference's until rounding parts them. In the first quarter of the
  run most spikes have their partner in the same cell, at most one step away (SpiNNaker's alpha currents act one step
  later), and the numbers of spikes in the whole run are close. That the board's Izhikevich cells follow their own
  integers bit for bit is shown in tests/reference.

A failure names the two commands that show it. The suite runs an array of all pairs, in which a scheme is the pair of a
cell and an integrator; :data:`STRENGTH` says what the slow suite takes.
"""

import os
import random
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from covering import Row, covering
from crossing_cases import backend_of, command, matrix, network_words, reference_words, same_scheme, words
from crossing_runs import Trains, checked, first_difference, first_sample_apart, run, shared, simulate

COMPILED = ("brian2 cython", "brian2 cpp_standalone")
"""Targets that compile for every new code, for seconds or more: few of their rows are in the suite."""
PROGRAMS = "brian2 cpp_standalone"
"""The target that shares no compiled code between rows: some 20 s of CPU for each."""
STRENGTH = {"nest": 3, "spinnaker": 2, "brian2 cython": 2}
"""Of a target (or a back end) the slow suite takes an array of all combinations of so many factors, or everything; of
:data:`PROGRAMS` each scheme once, and with one scheme all pairs of the other factors. CROSSING=whole takes all rows."""

ALIVE = 5
"""Spikes that the quietest network has at least: 40 cells for 40 or 80 ms."""
EARLY = 0.7
"""Of the spikes in the first quarter, how many have their partner in a run by another scheme or arithmetic."""
COUNTS = 0.25
"""How far apart the numbers of spikes of such runs are, as a share, beside ten spikes."""
SCHEME_MV = (-0.5, -0.25, 0.25, 0.5)
"""What v differs by between two schemes in the first steps, before any spike differs.

Activity that is about to end may go on by chance: of 720 networks one had 96 spikes in NEST and 59 in Brian2, and 99 in
Brian2 itself if all cells began 0.5 mV higher. Such a number is no difference of the schemes.
"""


def each_scheme(target: str) -> list[Row]:
    """For each scheme of a target a row drawn from those with drawn parameters or, for every second, mixed cells."""
    schemes: dict[str, list[Row]] = {}
    for row in matrix():
        if row["target"] == target:
            schemes.setdefault(row["scheme"], []).append(row)
    return [
        random.Random(scheme).choice([row for row in rows if row["cells"] == ("different", "mixed")[index % 2]])
        for index, (scheme, rows) in enumerate(schemes.items())
    ]


def apart(row: Row) -> Row:
    """The row with the cell and the integrator of its scheme as two factors."""
    cell, integrator = row["scheme"].split("/")
    return {"cell": cell, "integrator": integrator, **{name: row[name] for name in row if name != "scheme"}}


def seconds(row: Row) -> float:
    """About how long a row takes: the board is the slowest target, and the finest steps are as many again."""
    return (1.0 if backend_of(row["target"]) == "spinnaker" else 0.3) + (0.3 if row["step"] == "fine" else 0.0)


@cache
def in_suite() -> list[Row]:
    """All pairs on the targets that need no compiler.

    With the scheme as one factor these would be triples, of a cell, an integrator and each stimulus and rule: these are
    the slow suite's.
    """
    rows = {tuple(apart(row).items()): row for row in matrix() if row["target"] not in COMPILED}
    pairs = [rows[tuple(chosen.items())] for chosen in covering([dict(each) for each in rows], cost=seconds)]
    # One network after another: its reference is simulated once.
    return sorted(pairs, key=network_words)


def name(row: Row) -> str:
    return "-".join(row.values()).replace("/", "-").replace(" ", "-")


def shown(row: Row, why: str) -> str:
    """The failure's message: what is wrong, and the commands to see it."""
    return f"{why}\n  {command(reference_words(row))}\n  {command(words(row))}"


def fault(row: Row, compiled: Path) -> str:
    """What does not hold, with the commands; "" if all does."""
    try:
        expected, found = run(tuple(reference_words(row)), compiled), run(tuple(words(row)), compiled)
    except Exception as error:
        return shown(row, f"{type(error).__name__}: {error}")
    why = _difference(row, expected, found, compiled)
    return shown(row, why) if why else ""


def _difference(row: Row, expected: Trains, found: Trains, compiled: Path) -> str:
    if expected.network != found.network:
        return "two networks"
    if not (expected.finite and found.finite):
        return "samples that are not finite"
    if expected.total < ALIVE:
        return f"{expected.total} spikes: a silent network proves nothing; see crossing_cases on what drives it"
    constant = [" of ".join(reversed(key)) for key, values in expected.signals.items() if not np.ptp(values)]
    if constant and row["rule"] != "none":
        return f"{', '.join(constant)} never change, which proves nothing"
    if same_scheme(row):
        return first_difference(expected, found) or first_sample_apart(expected, found)
    if "degraded" in found.tags:
        return "" if "saturated weights" in found.tags["degraded"] else found.tags["degraded"]
    quarter = max(int(expected.spikes[population][:, 0].max(initial=0)) for population in expected.spikes) // 4
    early = shared(expected, found, quarter, within=1)
    if early < EARLY:
        return f"{early:.0%} of the spikes before step {quarter} are shared"
    if unlike(expected.total, found.total):
        again = [simulate(checked(reference_words(row)), compiled, nudge).total for nudge in SCHEME_MV]
        if all(unlike(total, found.total) for total in again):
            return f"{expected.total} and {found.total} spikes; the first from other initial values: {again}"
    return ""


def unlike(expected: int, found: int) -> bool:
    """Do the numbers of spikes differ by more than another scheme or arithmetic can explain?"""
    return abs(found - expected) > 10 + COUNTS * expected


@pytest.mark.parametrize("row", in_suite(), ids=name)
def test_pairs(row: Row, compiled: Path) -> None:
    assert (why := fault(row, compiled)) == "", why


def test_the_pairs_hold_every_pair_of_the_targets_without_compiler() -> None:
    rows, array = [apart(row) for row in matrix() if row["target"] not in COMPILED], [apart(row) for row in in_suite()]
    for first in rows[0]:
        for second in rows[0]:
            assert {(r[first], r[second]) for r in array} == {(r[first], r[second]) for r in rows}
    assert {row["scheme"] for row in in_suite()} == {row["scheme"] for row in matrix() if row["target"] not in COMPILED}


@pytest.mark.timeout(1200)  # a machine that is busy, and a cache that is empty
@pytest.mark.parametrize("target", COMPILED)
def test_a_compiled_target(target: str, compiled: Path) -> None:
    """One row in the suite, without input spikes, since less has to be compiled then; the slow suite has more."""
    row = next(row for row in matrix() if row["target"] == target and row["stimulus"] == "none")
    why = fault(row, compiled)
    assert not why, why


@pytest.mark.parametrize("scheme", dict.fromkeys(row["scheme"] for row in matrix()))
def test_the_recurrent_input_matters(scheme: str, compiled: Path) -> None:
    """Without it most cells would fire in other steps, so that equal trains are equal recurrent inputs."""
    whole = reference_words(next(row for row in matrix() if row["scheme"] == scheme))
    cut = [f"{word.partition('=')[0]}=0" if word.startswith("connectivity.weight_") else word for word in whole]
    assert shared(run(tuple(whole), compiled), run(tuple(cut), compiled), 10**6) < 0.7


@cache
def array(target: str) -> list[Row]:
    """What the slow suite takes of a target."""
    rows = [row for row in matrix() if row["target"] == target]
    if os.environ.get("CROSSING") == "whole":
        return rows
    if target == PROGRAMS:
        first, *others = each_scheme(target)
        return [*covering([row for row in rows if row["scheme"] == first["scheme"]]), first, *others]
    strength = STRENGTH.get(target, STRENGTH.get(backend_of(target)))
    return rows if strength is None else covering(rows, strength)


CHUNKS = list(dict.fromkeys((row["target"], row["scheme"]) for row in matrix()))
"""The slow suite's rows by target and scheme; which rows these are is found when they are run."""


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("target", "scheme"), CHUNKS, ids=lambda text: text.replace("/", "-").replace(" ", "-"))
def test_everything(target: str, scheme: str, compiled: Path) -> None:
    chunk = sorted((row for row in array(target) if row["scheme"] == scheme), key=network_words)
    assert chunk
    faults = [why for row in chunk if (why := fault(row, compiled))]
    kinds = Counter(why.partition("\n")[0] for why in faults)
    assert not faults, f"{len(faults)} of {len(chunk)} rows; {kinds.most_common(5)}\n" + "\n".join(faults)
