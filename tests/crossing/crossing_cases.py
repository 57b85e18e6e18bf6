"""What is crossed with what, taken from the registries: nothing here names a cell, rule, stimulus, target or back end.

A row of the matrix is a dictionary with one value for each of :func:`factors`. Every value comes from the option files
and the back ends' own tables, so that a new part is crossed with all others as soon as it exists.
"""

import shlex
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from itertools import product
from pathlib import Path

from covering import Row, rows

from varesearch.backends import backends
from varesearch.config.cell import Cell
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.options import options, schemas
from varesearch.config.parts import parts
from varesearch.config.settings import unit_of

CELLS = 40
"""Cells of a network: 32 excitatory, 8 inhibitory."""

# By the settings' names, whatever part has them: dense wiring and a strong stimulus, for a network of few cells.
DENSE = {
    "p": 0.3,
    "p_max": 0.6,
    "scale_mm": 0.3,
    "in_degree_exc": 10,
    "in_degree_inh": 4,
    "synapses": 150,
    "k": 6,
    "rewiring": 0.3,
}
NEEDED = {
    "one_to_one": ("connectivity.exc_inh_ratio=1",),
    "from_file": (f"connectivity.file={Path(__file__).parent / 'lists.npz'}",),
}
"""What a rule needs to be drawn at all, such as populations of one size, or a file (made by make_lists.py)."""

STRONG = {
    "p": 0.3,
    "rate_hz": 200,
    "law": "poisson",
    "start_ms": 5,
    "duration_ms": 20,
    "amplitude": 0.3,
    "std": 0.3,
    "starts_ms": "[5, 15]",
    "width_ms": 4,
    "file": Path(__file__).with_name("input_spikes.csv"),
}
STRONGER: dict[str, dict[str, object]] = {"background_poisson": {"rate_hz": 800}, "noisy_current": {"interval_ms": 1}}
"""By kind: several spikes in many of the steps of 1 ms; no more values than a core of SpiNNaker has room for."""
RECURRENT = 1.5
"""Recurrent weights, in units of the cells' own defaults, which are made for 30 inputs a cell rather than for 12."""

SPREAD = 0.05
"""How far the parameters of different cells lie from their defaults, as a share of these."""

DRIVE = {"nA": 0.2}
"""By unit: a constant current for cells that have none by default, so that they fire without a stimulus too."""

OF_THIS_MACHINE = {"spinnaker": ("backend.machine=software",)}
"""Settings that a back end needs to run here, whatever the user's own files say."""


@cache
def factors() -> dict[str, tuple[str, ...]]:
    """Factor -> its values, the most expensive to change first."""
    schemes = dict.fromkeys(
        f"{cell}/{integrator}"
        for backend in backends()
        for cell, integrators in integrators_of(backend).items()
        for integrator in integrators
    )
    known = options()
    return {
        "target": tuple(targets()),
        "scheme": tuple(schemes),
        "stimulus": tuple(known["stimulus"]),
        "weights": ("one", "many"),
        "delays": ("one", "many"),
        "rule": tuple(known["connectivity"]),
        "cells": ("alike", "different", "mixed"),
        "step": tuple(known["simulation"]),
    }


@cache
def targets() -> dict[str, tuple[str, ...]]:
    """Name -> overrides: each back end with all values of its settings that have a few; first the reference."""
    found = {}
    for backend in backends():
        few = {
            f.name: f.metadata["choices"] for f in fields(schemas()["backend"][backend]) if f.metadata.get("choices")
        }
        for values in product(*few.values()):
            chosen = tuple(f"backend.{name}={value}" for name, value in zip(few, values, strict=True))
            name = " ".join((backend, *values))
            found[name] = (f"backend={backend}", *OF_THIS_MACHINE.get(backend, ()), *chosen)
    return found


@cache
def integrators_of(backend: str) -> dict[str, tuple[str, ...]]:
    """Cell -> the integrators that a back end has for it, for the cells that it has."""
    found = {name: backends()[backend].integrators(cell) for name, cell in parts(Cell).items()}
    return {name: integrators for name, integrators in found.items() if integrators}


def backend_of(target: str) -> str:
    return target.split(maxsplit=1)[0]


def reference() -> str:
    """The target that all others are compared with."""
    return next(iter(targets()))


SAME_RESULT = "backend.threads=2"
"""What must not change a result: with it a target is its own reference, for cells that the reference lacks."""


def reference_words(row: Row) -> list[str]:
    """The overrides of the run that a row is compared with."""
    if row["scheme"].split("/")[0] in integrators_of(backend_of(reference())):
        return words(row, reference())
    return [*words(row), SAME_RESULT]


def possible(row: Row) -> bool:
    """Does the target have the scheme, and the cell the step? (The reference is not compared with itself.)"""
    cell, integrator = row["scheme"].split("/")
    if row["target"] == reference() or not _takes_step(cell, row["step"]):
        return False
    return integrator in integrators_of(backend_of(row["target"])).get(cell, ())


@cache
def _takes_step(cell: str, step: str) -> bool:
    try:
        schemas()["cell"][cell]().check(_step_ms(step))
    except ConfigurationError:
        return False
    return True


@cache
def matrix() -> tuple[Row, ...]:
    """All that can be crossed."""
    return tuple(rows(factors(), possible))


def same_scheme(row: Row) -> bool:
    """Does the target compute the same numbers as the reference: the same scheme in the same arithmetic?"""
    cell, integrator = row["scheme"].split("/")
    if cell not in integrators_of(backend_of(reference())):
        return True  # it is its own reference
    first, other = backends()[backend_of(reference())], backends()[backend_of(row["target"])]
    return integrator in integrators_of(backend_of(reference())).get(cell, ()) and first.arithmetic == other.arithmetic


@cache
def partner(scheme: str, backend: str) -> tuple[str, str]:
    """The cell, and its integrator, that the inhibitory population has where the cells of a network are mixed.

    The next cell that a back end has and the reference too, by a scheme that both have; without one only if they have
    not the same scheme of the other cells either.
    """
    cell, integrator = scheme.split("/")
    first = backend_of(reference())
    exact = integrator in integrators_of(first).get(cell, ()) and integrator in integrators_of(backend).get(cell, ())
    names = list(parts(Cell))
    place = names.index(cell)
    for other in names[place + 1 :] + names[:place]:
        has, known = integrators_of(backend).get(other, ()), integrators_of(first).get(other, ())
        both = [each for each in has if each in known]
        steps = [step for step in options()["simulation"] if _takes_step(cell, step)]
        if has and known and (both or not exact) and all(_takes_step(other, step) for step in steps):
            return other, (both or has)[0]
    raise LookupError(f"no cell can be mixed with {scheme} on {backend}")


def _partner(row: Row) -> tuple[str, str]:
    return partner(row["scheme"], backend_of(row["target"]))


def network_words(row: Row) -> list[str]:
    """The overrides that all targets share."""
    cell = schemas()["cell"][row["scheme"].split("/")[0]]
    stimulus = schemas()["stimulus"][row["stimulus"]]
    step_ms = _step_ms(row["step"])
    # In steps of 1 ms a cell needs longer to show what it does; in finer ones a step costs as much.
    duration_ms = 80 if step_ms > 0.5 else 40
    words = [
        f"cell={cell.model}",
        f"connectivity={row['rule']}",
        f"stimulus={row['stimulus']}",
        f"simulation={row['step']}",
        f"simulation.duration_ms={duration_ms}",
        "analysis.warmup_ms=0",
        "analysis.fano_window_ms=10",
        f"connectivity.n={CELLS}",
        *_settings("connectivity", schemas()["connectivity"][row["rule"]], DENSE),
        *NEEDED.get(row["rule"], ()),
        *_settings("stimulus", stimulus, STRONG | STRONGER.get(row["stimulus"], {})),
        *(_different(cell) if row["cells"] == "different" else _drive("cell", cell)),
    ]
    own = [*words, *_weights(row, "connectivity", cell), *_mixed(row)]
    if row["weights"] == "many" and "weight" in {f.name for f in fields(stimulus)}:
        own.append(f"stimulus.weight={_spread(cell.weight_stimulus)}")
    delay = "{distribution: uniform, low: 2, high: 6}" if row["delays"] == "many" else "2"
    return [*own, f"connectivity.delay_ms={delay}", "recording=spikes"]


def _weights(row: Row, where: str, cell: type[Cell]) -> list[str]:
    """Recurrent weights onto a cell."""
    found = []
    for receptor in ("exc", "inh"):
        weight = RECURRENT * getattr(cell, f"weight_{receptor}")
        setting = f"weight_{receptor}" if where == "connectivity" else f"{receptor}_to_inh.weight"
        found.append(f"{where}.{setting}={_spread(weight) if row['weights'] == 'many' else f'{weight:g}'}")
    return found


def _drive(where: str, cell: type[Cell]) -> list[str]:
    unit = unit_of(cell, "i_offset")
    return [f"{where}.i_offset={DRIVE[unit]}"] if unit in DRIVE and cell.i_offset == 0 else []


def _different(cell: type[Cell]) -> list[str]:
    """Every second parameter drawn from a distribution, the others by expressions of one draw.

    A refractory period of at least a step: without one NEST's adaptive exponential cells fire more than once in a step.
    """
    words = ["cell.draws={r: {distribution: uniform, low: -1, high: 1}}"]
    usual = {name: getattr(cell, name) for name in cell.numbers()}
    for word in _drive("cell", cell):
        name, _, value = word.removeprefix("cell.").partition("=")
        usual[name] = float(value)
    for index, (name, middle) in enumerate(usual.items()):
        width = 1.0 if name in cell.whole_steps else SPREAD * abs(middle) or SPREAD
        if index % 2:
            words.append(f"cell.{name}={{expression: '{middle!r} + {width!r} * r'}}")
        else:
            low, high = middle - width if middle else 0.0, middle + width
            words.append(f"cell.{name}={{distribution: uniform, low: {low!r}, high: {high!r}}}")
    return words


def _mixed(row: Row) -> list[str]:
    """Inhibitory cells of another model, and a second stimulus: the first one then reaches the others alone."""
    if row["cells"] != "mixed":
        return []
    model, _ = _partner(row)
    cell = schemas()["cell"][model]
    words = [f"populations.inh.cell={model}", *_drive("populations.inh.cell", cell)]
    if schemas()["connectivity"][row["rule"]].connects:
        words += _weights(row, "projections", cell)
    if "targets" in {f.name for f in fields(schemas()["stimulus"][row["stimulus"]])}:
        words.append("stimulus.targets=[exc]")
    kinds = [kind for kind in options()["stimulus"] if kind != "none"]
    second = kinds[(kinds.index(row["stimulus"]) + 1) % len(kinds) if row["stimulus"] in kinds else 0]
    return [
        *words,
        f"stimuli.second={second}",
        *_settings("stimuli.second", schemas()["stimulus"][second], STRONG | STRONGER.get(second, {})),
    ]


def words(row: Row, target: str | None = None) -> list[str]:
    """The overrides of a row on its target, or on ``target``, with the row's integrators where that has them."""
    target = target or row["target"]
    found = [*network_words(row), *targets()[target], f"cell.integrator={_integrator(target, row['scheme'])}"]
    if row["cells"] == "mixed":
        found.append(f"populations.inh.cell.integrator={_integrator(target, '/'.join(_partner(row)))}")
    # With cells alike few signals are recorded, with others all.
    return found if row["cells"] == "alike" else [*found, f"recording.signals=[{','.join(signals(row))}]"]


def signals(row: Row) -> list[str]:
    """The signals that both the row's target and the reference can record of all its cells that have them."""
    models = [row["scheme"].split("/")[0], *(_partner(row)[:1] if row["cells"] == "mixed" else ())]
    cells = [parts(Cell)[model] for model in models]
    kinds = [backends()[backend_of(target)] for target in (reference(), row["target"])]
    names = dict.fromkeys(name for cell in cells for name in cell.recordables())
    lacking = {name for cell in cells for kind in kinds for name in set(cell.recordables()) - set(kind.signals(cell))}
    return [name for name in names if name not in lacking]


def _integrator(target: str, scheme: str) -> str:
    cell, integrator = scheme.split("/")
    return integrator if integrator in integrators_of(backend_of(target)).get(cell, ()) else "auto"


def command(overrides: list[str]) -> str:
    """The command line that runs these overrides."""
    return shlex.join(["python", "-m", "varesearch", *overrides])


def _spread(mean: float) -> str:
    return f"{{distribution: lognormal, mean: {mean:g}, std: {mean / 2:g}}}"


def _settings(group: str, schema: type, values: Mapping[str, object]) -> list[str]:
    return [f"{group}.{f.name}={values[f.name]}" for f in fields(schema) if f.name in values]


@cache
def _step_ms(option: str) -> float:
    return compose([f"simulation={option}"]).config.simulation.dt_ms
