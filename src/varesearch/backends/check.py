"""Check whether the chosen back end can run a configuration, before anything is built."""

from collections.abc import Sequence

from varesearch.backends import backend_class, backends
from varesearch.backends.base import Backend
from varesearch.config.cell import AUTO, Cell
from varesearch.config.checks import check_names
from varesearch.config.errors import ConfigurationError
from varesearch.config.parts import own_folder, part_name, parts
from varesearch.config.schema import Config
from varesearch.config.synapse_type import SynapseType
from varesearch.config.wording import did_you_mean
from varesearch.network.model import Network


def checked_backend(config: Config) -> Backend:
    """Return the back end of a configuration, after checking that it can run it.

    What only the back end itself can judge is left to its own ``check``, which is called last.

    Raises
    ------
    ConfigurationError
        The back end lacks the cell, integrator, signal or draw, or it cannot be used on this machine.
    """
    name, backend = config.backend.name, check_supported(config)
    available = backend.availability()
    if not available.usable:
        raise ConfigurationError(f"backend={name} is not usable here: {available.reason}")
    backend.check(config)
    return backend(config)


def check_supported(config: Config) -> type[Backend]:
    """Return the class of the back end of a configuration, which need not be usable on this machine.

    Raises
    ------
    ConfigurationError
        The back end lacks the cell, integrator, signal or draw.
    """
    name, backend = config.backend.name, backend_class(type(config.backend))
    for population in config.structure.populations.values():
        where, cell = population.where, population.cell
        signals = config.recording.sampled(population.name, type(cell))
        integrator = f"{where}.integrator={cell.integrator}"
        _check_cell(cell, signals, backend, f"{where}={cell.model}", integrator)
    for projection in config.structure.projections:
        if projection.synapse is not None:
            check_synapse(projection.synapse_where, projection.synapse, backend)
            if config.connectivity.draw == "native":
                raise ConfigurationError(
                    f"connectivity.draw=native: {projection.synapse_where}={projection.synapse.name} needs synapses "
                    "that are drawn here; write connectivity.draw=host, or synapse=static"
                )
    draw = config.connectivity.draw
    if draw not in backend.draws:
        raise ConfigurationError(
            f"connectivity.draw={draw} does not exist on backend={name}; choose one of "
            f"{', '.join(backend.draws)}{did_you_mean(draw, backend.draws)}"
        )
    return backend


def check_synapse(where: str, synapse: SynapseType, backend: type[Backend]) -> None:
    """Raise ConfigurationError if the back end lacks a synapse; ``where`` names its settings."""
    if backend.name not in synapse.simulators:
        having = ", ".join(name for name in backends(own_folder(type(synapse))) if name in synapse.simulators)
        raise ConfigurationError(
            f"{where}={synapse.name} does not exist on backend={backend.name}"
            f"{f'; it exists on backend={having}' if having else ''}"
        )


def check_cells(network: Network, backend: Backend) -> None:
    """Raise ConfigurationError if the back end lacks a cell of a network, or cannot record a signal of it."""
    recording, cells = backend.config.recording, {p.name: type(p.cell) for p in network.populations}
    check_names("recording.populations", recording.populations or [], tuple(cells))
    known = [signal for name, cell in cells.items() for signal in recording.sampleable(name, cell)]
    check_names("recording.signals", recording.signals, tuple(dict.fromkeys(known)))
    for projection in network.projections:
        if projection.synapse is not None:
            check_synapse(f"projection {projection.name}: synapse", projection.synapse, type(backend))
    for population in network.populations:
        name, cell = population.name, population.cell
        signals = recording.sampled(name, type(cell))
        integrator = f"integrator {cell.integrator} of population {name}"
        _check_cell(cell, signals, type(backend), f"cell {cell.model} of population {name}", integrator)


def _check_cell(cell: Cell, signals: Sequence[str], backend: type[Backend], what: str, integrator: str) -> None:
    """``what`` and ``integrator`` are what the message calls the cell and its integrator."""
    name, known = backend.name, backend.integrators(type(cell))
    if not known:
        raise ConfigurationError(
            f"{what} does not exist on backend={name}, which has {_cells(backend)}{_others(type(cell))}"
        )
    integrators = (AUTO, *known)
    if cell.integrator not in integrators:
        raise ConfigurationError(
            f"{integrator} is unknown to {what} on backend={name}; choose one of {', '.join(integrators)}"
            f"{did_you_mean(cell.integrator, integrators)}"
        )
    for signal in signals:
        if signal not in backend.signals(type(cell)):
            raise ConfigurationError(
                f"recording.signals={signal} cannot be recorded from {what} on backend={name}; choose from "
                f"{', '.join(backend.signals(type(cell)))}"
            )


def or_another_backend(cell: type[Cell], instead_of: str) -> str:
    """Return the advice to use another back end that has ``cell``, as the end of a message.

    Back ends whose runs take much longer are named only if no other has the cell.

    Parameters
    ----------
    cell
        The class of the cell.
    instead_of
        The name of the back end that refuses the configuration.

    Returns
    -------
    str
        Such as ``", or backend=brian2"``; ``""`` if no other back end has the cell.

    Examples
    --------
    >>> from varesearch.model.cells.izhikevich import Izhikevich
    >>> or_another_backend(Izhikevich, instead_of="nest")
    ', or backend=brian2'
    """
    others = [backend for backend in _backends_with(cell) if backend.name != instead_of]
    usual = [backend for backend in others if not backend.slow] or others
    return "".join(f", or backend={backend.name}" for backend in usual)


def _cells(backend: type[Backend]) -> str:
    known = parts(Cell, own_folder(backend)).items()
    return ", ".join(name for name, cell in known if backend.integrators(cell)) or "none"


def _others(cell: type[Cell]) -> str:
    names = [backend.name for backend in _backends_with(cell)]
    return f"; {part_name(cell)} exists on backend={', '.join(names)}" if names else ""


def _backends_with(cell: type[Cell]) -> list[type[Backend]]:
    return [backend for backend in backends(own_folder(cell)).values() if backend.integrators(cell)]
