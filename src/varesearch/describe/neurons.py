"""Table D: the models of neurons and synapses, with their parameters."""

from collections.abc import Iterator

from varesearch.backends.base import Backend
from varesearch.config.cell import Cell
from varesearch.config.structure import Structure
from varesearch.describe.document import Section, Table
from varesearch.describe.values import code, meaning, value_text
from varesearch.describe.words import words_of


def neuron_section(structure: Structure, backend: type[Backend]) -> Section:
    """Return the models of the cells: their equations, how they are solved, and their parameters."""
    models = dict.fromkeys(type(cell) for _, cell in structure.cells)
    return Section(
        "D",
        "Neuron and synapse models",
        ("A parameter with a distribution or an expression has a value of its own in each cell.",)
        if any(_differs(cell) for _, cell in structure.cells)
        else (),
        tuple(table for model in models for table in _model(structure, model, backend)),
    )


def _differs(cell: Cell) -> bool:
    return bool(cell.varying or cell.draws)


def _model(structure: Structure, model: type[Cell], backend: type[Backend]) -> Iterator[Table]:
    cells = {where: cell for where, cell in structure.cells if type(cell) is model}
    of = {where: [it.name for it in structure.populations.values() if it.where == where] for where in cells}
    words = words_of(model)
    name = next(iter(cells.values())).model
    schemes = dict.fromkeys(backend.integrator(cell) for cell in cells.values())
    rows = (
        ("Name", code(name)),
        ("Type", words.summary),
        ("Dynamics", "\n".join(words.details)),
        ("Synapses", f"{model.synapse.value}: {model.synapse.effect}"),
        ("Integration", f"{', '.join(map(code, schemes))} on {code(backend.name)}"),
        ("Populations", ", ".join(code(it) for names in of.values() for it in names)),
    )
    yield Table(f"Neuron model {code(name)}", ("", "description"), tuple(row for row in rows if row[1]))
    starts = [f"{variable}_init" for variable in model.variables]
    columns = ("value",) if len(cells) == 1 else tuple(", ".join(map(code, names)) for names in of.values())
    parameters = [
        (
            code(setting),
            *(value_text(getattr(cell, setting)) for cell in cells.values()),
            model.unit_of(setting),
            meaning(model, setting),
        )
        for setting in (*model.parameters(), *starts)
    ]
    draws = dict.fromkeys(key for cell in cells.values() for key in cell.draws)
    drawn = [
        (
            code(key),
            *(value_text(cell.draws[key]) if key in cell.draws else "–" for cell in cells.values()),
            "",
            "drawn once for each cell, for expressions",
        )
        for key in draws
    ]
    yield Table(
        f"Parameters of {code(name)}", ("parameter", *columns, "unit", "meaning"), (*map(tuple, parameters), *drawn)
    )
