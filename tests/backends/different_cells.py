"""Populations whose cells differ in every parameter, and the same cells one by one, for the back ends' tests."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
from small_networks import network, projection, source

from varesearch.config.cell import Cell
from varesearch.config.errors import ConfigurationError
from varesearch.config.heterogeneity import draw_cells
from varesearch.config.laws import Uniform
from varesearch.network.model import CurrentInput, Network, Population, Projection

STEPS = 400


def spread(cell: Cell, by: float = 0.05) -> Cell:
    """The cell with every parameter drawn from a uniform distribution around its value."""
    values = {name: getattr(cell, name) for name in cell.numbers()}
    width = {name: by * abs(value) or 0.01 for name, value in values.items()}
    if "tau_refrac" in values:
        width["tau_refrac"] = 2.0  # of several steps, so that the cells' numbers of steps differ
    return replace(cell, **{name: Uniform(value - width[name], value + width[name]) for name, value in values.items()})


def step_of(cell: Cell) -> float:
    """The time step in ms: 1, or 0.1 for a cell that refuses it."""
    try:
        cell.check(1.0)
    except ConfigurationError:
        return 0.1
    return 1.0


def different_cells(cell: Cell, size: int = 6, weight: float = 1.0) -> Network:
    """A population that is driven by two sources, by one of its own cells, and by a step of current."""
    dt_ms = step_of(cell)
    drawn = draw_cells(spread(cell), size, dt_ms, seed=4, owner="exc")
    cells = Population("exc", size, drawn.cell, drawn.initial, parameters=drawn.parameters)
    every = [(step, step % 2) for step in range(5, STEPS, 7)]
    weights: list[Any] = [each.default for each in fields(cell) if each.name in ("weight_exc", "weight_stimulus")]
    strong = max(weights) * weight
    onto = [(pre, post, strong * (1 + post / 8), 2 + post % 3) for pre in (0, 1) for post in range(size)]
    from_first = [(0, post, strong / 4, 3) for post in range(1, size)]
    step = 2 * cell.i_offset or 0.25
    return network(
        [cells],
        STEPS,
        dt_ms,
        [source("sources", every, 2)],
        [
            projection("sources", "exc", "excitatory", onto),
            projection("exc", "exc", "excitatory", from_first),
            projection("exc", "exc", "inhibitory", [(1, post, strong / 4, 2) for post in range(2, size)]),
        ],
        [CurrentInput.step("exc", step, 100, 200)],
    )


def one_by_one(together: Network) -> Network:
    """The same cells, each a population with plain numbers."""
    (cells,) = together.populations
    singles = [
        Population(
            f"cell{index}",
            1,
            replace(cells.cell, **{name: float(values[index]) for name, values in cells.parameters.items()}),
            {name: values[index : index + 1] for name, values in cells.initial.items()},
        )
        for index in range(cells.size)
    ]
    return replace(
        together,
        populations=tuple(singles),
        projections=tuple(part for each in together.projections for part in _parts(each, cells)),
        currents=tuple(replace(each, target=single.name) for each in together.currents for single in singles),
    )


def _parts(whole: Projection, cells: Population) -> list[Projection]:
    """A projection as one for each pair of single cells that it connects."""
    found = []
    recurrent = whole.pre == cells.name
    for post in range(cells.size):
        for pre in range(cells.size) if recurrent else [0]:
            chosen = (whole.targets == post) & ((whole.sources == pre) | (not recurrent))
            if chosen.any():
                found.append(
                    replace(
                        whole,
                        name=f"{whole.name}_{pre}_{post}",
                        pre=f"cell{pre}" if recurrent else whole.pre,
                        post=f"cell{post}",
                        sources=np.zeros_like(whole.sources[chosen]) if recurrent else whole.sources[chosen],
                        targets=np.zeros_like(whole.targets[chosen]),
                        weights=whole.weights[chosen],
                        delay_steps=whole.delay_steps[chosen],
                    )
                )
    return found
