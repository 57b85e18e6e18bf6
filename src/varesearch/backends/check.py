"""Whether the chosen back end can run a configuration, asked before anything is built."""

from varesearch.backends import BACKENDS, Backend, backend_class
from varesearch.config.cell import AUTO
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import Config
from varesearch.config.wording import did_you_mean
from varesearch.network.model import Network


def checked_backend(config: Config) -> Backend:
    """The back end of a configuration.

    Raises ConfigurationError for a cell, integrator, signal or draw that it lacks, or if it is unusable here.

    What only the back end itself can judge is left to its own ``check``, which is called last.
    """
    name, model = config.backend.name, config.cell.model
    if name not in BACKENDS:
        raise ConfigurationError(f"backend={name} does not exist; choose one of {', '.join(BACKENDS)}")
    backend = backend_class(name)
    if model not in backend.cells:
        raise ConfigurationError(
            f"cell={model} does not exist on backend={name}, which has {', '.join(backend.cells)}{_others(model)}"
        )
    integrator, integrators = config.cell.integrator, (AUTO, *backend.cells[model])
    if integrator not in integrators:
        raise ConfigurationError(
            f"cell.integrator={integrator} is unknown to cell={model} on backend={name}; choose one of "
            f"{', '.join(integrators)}{did_you_mean(integrator, integrators)}"
        )
    for signal in config.recording.signals:
        if signal not in backend.signals[model]:
            raise ConfigurationError(
                f"recording.signals={signal} cannot be recorded from cell={model} on backend={name}; choose from "
                f"{', '.join(backend.signals[model])}"
            )
    drawn = config.connectivity.draw
    if drawn not in backend.draws:
        raise ConfigurationError(
            f"connectivity.draw={drawn} does not exist on backend={name}; choose one of "
            f"{', '.join(backend.draws)}{did_you_mean(drawn, backend.draws)}"
        )
    available = backend.availability()
    if not available.usable:
        raise ConfigurationError(f"backend={name} is not usable here: {available.reason}")
    backend.check(config)
    return backend(config)


def check_cells(network: Network, backend: Backend) -> None:
    """Raise ConfigurationError if the back end lacks a cell of a network, or cannot record a signal of it."""
    for population in network.populations:
        model, integrator = population.cell.model, population.cell.integrator
        where = f"population {population.name}"
        if model not in backend.cells:
            raise ConfigurationError(
                f"{where}: cell {model} does not exist on backend={backend.name}, which has {', '.join(backend.cells)}"
                f"{_others(model)}"
            )
        if integrator not in (AUTO, *backend.cells[model]):
            raise ConfigurationError(
                f"{where}: integrator {integrator} is unknown to cell {model} on backend={backend.name}; choose one of "
                f"{', '.join((AUTO, *backend.cells[model]))}"
            )
        for signal in backend.config.recording.signals:
            if signal not in backend.signals[model]:
                raise ConfigurationError(
                    f"recording.signals={signal} cannot be recorded from {where} (cell {model}) on backend="
                    f"{backend.name}; choose from {', '.join(backend.signals[model])}"
                )


def _others(model: str) -> str:
    having = [name for name in BACKENDS if model in backend_class(name).cells]
    return f"; {model} exists on backend={', '.join(having)}" if having else ""
