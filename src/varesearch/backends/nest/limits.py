"""What NEST cannot do, said in one line before anything is built where the settings alone tell it."""

from varesearch.backends.nest.module import missing
from varesearch.backends.translation.nest import least_delay_steps
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import Config, NestBackend
from varesearch.network.model import Network

TIC_MS = 0.001
"""NEST's unit of time: its steps are whole numbers of it (kernel parameter ``ms_per_tic``)."""


def check_settings(config: Config) -> None:
    """Raises ConfigurationError for a step or delay that NEST does not have, no threads, or a cell without compiler."""
    backend = config.backend
    assert isinstance(backend, NestBackend)
    if backend.threads < 1:
        raise ConfigurationError(f"backend.threads={backend.threads}: must be at least 1; set backend.threads=1")
    if config.cell.model == "izhikevich" and (reason := missing()):
        raise ConfigurationError(f"cell=izhikevich on backend=nest: {reason}")
    dt_ms = config.simulation.dt_ms
    tics = round(dt_ms / TIC_MS)
    if tics < 1 or abs(tics * TIC_MS - dt_ms) > 1e-9:
        raise ConfigurationError(
            f"simulation.dt_ms={dt_ms:g}: NEST counts time in whole microseconds; take a multiple of {TIC_MS} ms, "
            "or backend=brian2"
        )
    delay_ms, least = config.connectivity.delay_ms, least_delay_steps(config.cell.model)
    if isinstance(delay_ms, int | float) and round(delay_ms / dt_ms) < least:
        raise _too_short("connectivity.delay_ms", float(delay_ms), config.cell.model, dt_ms, least)


def check_delays(network: Network) -> None:
    """Raises ConfigurationError for a drawn delay that is too short for the model of its target."""
    for projection in network.projections:
        if not projection.size:
            continue
        model = network.population(projection.post).cell.model
        shortest, least = int(projection.delay_steps.min()), least_delay_steps(model)
        if shortest < least:
            setting = f"shortest delay of {projection.name}"
            raise _too_short(setting, shortest * network.dt_ms, model, network.dt_ms, least)


def _too_short(setting: str, delay_ms: float, model: str, dt_ms: float, least: int) -> ConfigurationError:
    return ConfigurationError(
        f"{setting}={delay_ms:g} ms: NEST lets a current or conductance act one step after its spike arrives, so "
        f"{model} needs at least {least} steps ({least * dt_ms:g} ms); take a longer delay, a smaller "
        "simulation.dt_ms, or backend=brian2"
    )
