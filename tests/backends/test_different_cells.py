"""Cells of one population that differ in every parameter: each is the cell that has these numbers alone."""

from dataclasses import replace

import numpy as np
import pytest
from different_cells import different_cells, one_by_one, spread, step_of
from numpy.typing import NDArray
from small_networks import config, network
from small_runs import result_of, sound_on

from varesearch.backends import backend_class
from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.nest import NestSettings
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.config.backend import BackendSettings
from varesearch.config.cell import Cell
from varesearch.config.laws import Uniform
from varesearch.config.parts import parts
from varesearch.config.schema import RecordingConfig
from varesearch.network.model import Network, Population
from varesearch.recording import Recording
from varesearch.result import Status

SETTINGS: dict[str, BackendSettings] = {
    "brian2": Brian2Settings(codegen="numpy"),
    "nest": NestSettings(),
    "spinnaker": SpinnakerSettings(machine="software", version=3),
}


def has(backend: str, cell: type[Cell], integrator: str = "") -> bool:
    known = backend_class(type(SETTINGS[backend])).integrators(cell)
    return bool(known) and (not integrator or integrator in known)


ON_HOST = [
    pytest.param(cell, backend, integrator, id=f"{name}-{backend}-{integrator}")
    for name, cell in parts(Cell).items()
    for backend in ("brian2", "nest")
    if has(backend, cell)
    for integrator in backend_class(type(SETTINGS[backend])).integrators(cell)
]
ON_BOARD = [pytest.param(cell, id=name) for name, cell in parts(Cell).items() if has("spinnaker", cell)]
EXACT = [
    pytest.param(cell, scheme, id=f"{name}-{scheme}")
    for name, cell in parts(Cell).items()
    for scheme in ("exact", "euler")
    if has("brian2", cell, scheme) and has("nest", cell, scheme)
]


def run(drawn: Network, backend: str) -> Recording:
    cell = type(drawn.populations[0].cell)
    signals = RecordingConfig(signals=list(backend_class(type(SETTINGS[backend])).signals(cell)))
    if backend != "spinnaker":
        return sound_on(drawn, SETTINGS[backend], signals)
    simulator = backend_class(type(SETTINGS[backend]))(config(drawn, SETTINGS[backend], signals))
    result = result_of(drawn, simulator)
    assert result.status is Status.FINISHED
    assert result.recording is not None
    return result.recording


def trains(recording: Recording) -> list[list[int]]:
    """The steps in which each cell fires, population by population."""
    return [
        np.rint(train / recording.dt_ms).astype(int).tolist()
        for population in recording.populations.values()
        for train in population.spike_trains()
    ]


def signal(recording: Recording, name: str) -> NDArray[np.float64]:
    """The samples of all cells, shape (samples, cells)."""
    columns = [population.signals[name].values for population in recording.populations.values()]
    return np.concatenate(columns, axis=1).astype(np.float64)


def check_as_alone(cell: Cell, backend: str) -> None:
    together = different_cells(cell)
    drawn = together.populations[0].parameters
    assert set(drawn) == set(cell.numbers())
    assert all(len(np.unique(values)) > 2 for values in drawn.values())
    first, second = run(together, backend), run(one_by_one(together), backend)
    assert len({len(train) for train in trains(first)}) > 1  # the parameters matter
    assert trains(first) == trains(second)
    for name in next(iter(first.populations.values())).signals:
        # Brian2 takes what is the same for all cells out of its loops, which changes the last bit.
        np.testing.assert_allclose(signal(first, name), signal(second, name), rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize(("cell", "backend", "integrator"), ON_HOST)
def test_a_cell_with_drawn_parameters_is_the_cell_with_these_numbers(
    cell: type[Cell], backend: str, integrator: str
) -> None:
    check_as_alone(cell(integrator=integrator), backend)


@pytest.mark.slow
@pytest.mark.parametrize("cell", ON_BOARD)
def test_a_cell_with_drawn_parameters_is_the_same_alone_on_the_board(cell: type[Cell]) -> None:
    check_as_alone(cell(), "spinnaker")


@pytest.mark.parametrize(
    ("cell", "backend"),
    [
        pytest.param(cell, backend, id=f"{name}-{backend}", marks=[] if backend == "nest" else [pytest.mark.slow])
        for name, cell in parts(Cell).items()
        for backend in SETTINGS
        if has(backend, cell)
    ],
)
def test_each_parameter_may_be_the_only_one_that_differs(cell: type[Cell], backend: str) -> None:
    """NEST by way of PyNN once failed if tau_m differed and cm did not, for the one is divided by the other."""
    usual, populations = cell(i_offset=cell.i_offset or 0.5), []
    dt_ms = step_of(usual)
    for name, value in spread(usual).varying.items():
        assert isinstance(value, Uniform)
        ends = np.array([value.low, value.high]) if name not in cell.whole_steps else np.array([2.0, 4.0])
        initial = {variable: np.zeros(2) for variable in cell.variables} | {"v": np.full(2, -65.0)}
        populations.append(Population(name, 2, usual, initial, parameters={name: ends}))
        alone = replace(usual, **{name: float(ends[1])})
        populations.append(Population(f"{name}_alone", 1, alone, {x: at[:1] for x, at in initial.items()}))
    found = run(network(populations, 60, dt_ms), backend).populations
    for name in spread(usual).varying:
        together, alone = (found[each].signals["v"].values[:, -1] for each in (name, f"{name}_alone"))
        np.testing.assert_allclose(together, alone, rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize(("cell", "scheme"), EXACT)
def test_brian2_and_nest_agree_in_every_spike(cell: type[Cell], scheme: str) -> None:
    drawn = different_cells(cell(integrator=scheme), size=24)
    one, other = run(drawn, "brian2"), run(drawn, "nest")
    assert trains(one) == trains(other)
    np.testing.assert_allclose(signal(one, "v"), signal(other, "v"), rtol=1e-7, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("codegen", ["cython", "cpp_standalone"])
@pytest.mark.parametrize("cell", [pytest.param(it, id=name) for name, it in parts(Cell).items() if has("brian2", it)])
def test_compiled_code_gives_the_spikes_of_numpy(cell: type[Cell], codegen: str) -> None:
    drawn = different_cells(cell(), size=24)
    compiled = sound_on(drawn, Brian2Settings(codegen=codegen), RecordingConfig(signals=["v"]))
    plain = sound_on(drawn, Brian2Settings(codegen="numpy"), RecordingConfig(signals=["v"]))
    assert trains(compiled) == trains(plain)


@pytest.mark.slow
@pytest.mark.parametrize("cell", ON_BOARD)
def test_the_board_follows_its_scheme_in_float64(cell: type[Cell]) -> None:
    """Fixed point moves a spike by few steps; a parameter that did not arrive would move them all."""
    (scheme,) = backend_class(SpinnakerSettings).integrators(cell)
    if not has("brian2", cell, scheme):
        scheme = "auto"
    board = run(different_cells(cell(), size=24), "spinnaker")
    floats = run(different_cells(cell(integrator=scheme), size=24), "brian2")
    counts = np.array([[len(train) for train in trains(each)] for each in (board, floats)])
    assert len(set(counts[0])) > 3
    assert np.abs(counts[0] - counts[1]).max() <= np.maximum(0.1 * counts[1].max(), 2)


def test_an_array_of_one_number_is_the_number() -> None:
    """The same network, hence the same hash, and the same code as for a plain number."""
    together = different_cells(parts(Cell)["if_curr_exp"]())
    (cells,) = together.populations
    same = {name: np.full(cells.size, values[0]) for name, values in cells.parameters.items()}
    numbers = replace(cells.cell, **{name: float(values[0]) for name, values in cells.parameters.items()})
    arrays = replace(together, populations=(replace(cells, parameters=same),))
    plain = replace(together, populations=(replace(cells, parameters={}, cell=numbers),))
    assert arrays.hash == plain.hash != together.hash
    assert trains(run(arrays, "brian2")) == trains(run(plain, "brian2"))
