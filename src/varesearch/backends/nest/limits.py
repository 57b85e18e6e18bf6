"""Refuse what NEST cannot do, in one line; before anything is built if the settings alone show it."""

import os

from varesearch.backends.check import or_another_backend
from varesearch.backends.delays import drawn_delays, setting_of
from varesearch.backends.nest import NestSettings
from varesearch.backends.nest.module import no_compiler
from varesearch.backends.nest.translation import compiled_model, integrators, least_delay_steps
from varesearch.config.cell import Cell, Synapse
from varesearch.config.errors import ConfigurationError
from varesearch.config.heterogeneity import check_extreme_cells
from varesearch.config.schema import Config
from varesearch.network.model import Network

TIC_MS = 0.001
"""NEST's unit of time: its steps are whole numbers of it (kernel parameter ``ms_per_tic``)."""


_THREADS_OF_NEST = 512
"""NEST numbers threads with 9 bits."""

MOST_REFRACTORY_STEPS = 2**31 - 1
"""NEST's integrate-and-fire cells count refractory steps with 32 bits, so that 2**32 steps would become 0."""

LARGEST_EXPONENT = 700.0
"""exp overflows at 709.8: for a shorter time constant, v becomes NaN (alpha) or the current never decays (exp)."""


MOST_STEPS_OF_ALPHA = 1e7
"""The largest tau_m of a cell with alpha currents, in steps. For a longer one NEST 3.10 updates the membrane by the
formula for tau_m equal to tau_syn. Without a message, v is then wrong by 0.01 % if tau_syn is 20 steps, by 1.4 % if it
is 5 steps and by 160 % if it is half a step (measured against the matrix exponential, with which NEST agrees to 1e-8 up
to this limit)."""


def most_threads() -> int:
    """Return the largest number of threads; NEST crashes without a message if the system cannot start them all."""
    return min(_THREADS_OF_NEST, max(64, os.cpu_count() or 1))


def check_settings(config: Config) -> None:
    """Raise ConfigurationError for a step, a delay or threads that NEST does not support, or a missing compiler."""
    backend = config.backend
    assert isinstance(backend, NestSettings)
    most = most_threads()
    if not 1 <= backend.threads <= most:
        raise ConfigurationError(
            f"backend.threads={backend.threads}: must be from 1 to {most}; more threads than this machine's "
            f"{os.cpu_count()} processors make NEST slower"
        )
    cells = config.structure.cells
    for where, cell in cells:
        if compiled_model(type(cell)) and (reason := no_compiler(type(cell))):
            raise ConfigurationError(f"{where}={cell.model} on backend=nest: {reason}")
    dt_ms = config.simulation.dt_ms
    tics = round(dt_ms / TIC_MS)
    if tics < 1 or abs(tics * TIC_MS - dt_ms) > 1e-9:
        raise ConfigurationError(
            f"simulation.dt_ms={dt_ms:g}: NEST counts time in whole microseconds; take a multiple of {TIC_MS} ms"
            f"{_or_another_backend(type(cells[0][1]))}"
        )
    populations = config.structure.populations
    for delays in drawn_delays(config):
        target = populations[delays.post].cell
        least = least_delay_steps(type(target))
        if delays.shortest_steps < least:
            raise _too_short(str(delays), target, dt_ms, least)
    check_extreme_cells(config, lambda _population, cell: _check_cell(cell, dt_ms))


def _check_cell(cell: Cell, dt_ms: float) -> None:
    """Raise ConfigurationError for values with which NEST's arithmetic fails without an error."""
    steps = getattr(cell, "tau_refrac", 0.0) / dt_ms
    if steps > MOST_REFRACTORY_STEPS:
        raise ConfigurationError(
            f"cell.tau_refrac={cell.tau_refrac:g} is {steps:.3g} steps, but NEST counts up to {MOST_REFRACTORY_STEPS} "  # type: ignore[attr-defined]
            f"({MOST_REFRACTORY_STEPS * dt_ms:g} ms); shorten it{_or_another_backend(type(cell))}"
        )
    # NEST's exact propagators of currents divide by functions of exp(dt / tau).
    if cell.synapse not in (Synapse.CURRENT, Synapse.ALPHA) or integrators(type(cell)) != ("exact",):
        return
    tau_m_ms, most_ms = getattr(cell, "tau_m", 0.0), MOST_STEPS_OF_ALPHA * dt_ms
    if cell.synapse is Synapse.ALPHA and tau_m_ms > most_ms:
        raise ConfigurationError(
            f"cell.tau_m={tau_m_ms:g} ms is too long for {cell.model} on NEST, whose exact step is wrong above "
            f"{most_ms:g} ms ({MOST_STEPS_OF_ALPHA:g} steps of simulation.dt_ms={dt_ms:g}); shorten it"
            f"{_or_another_backend(type(cell))}"
        )
    least_ms = dt_ms / LARGEST_EXPONENT
    for name in ("tau_syn_E", "tau_syn_I"):
        tau_ms = getattr(cell, name, least_ms)
        if tau_ms < least_ms:
            raise ConfigurationError(
                f"cell.{name}={tau_ms:g} ms is too short for {cell.model} on NEST, whose exact integration overflows "
                f"below {least_ms:.3g} ms (simulation.dt_ms={dt_ms:g} / {LARGEST_EXPONENT:g}); is it in seconds?"
            )


def check_delays(network: Network, config: Config) -> None:
    """Raise ConfigurationError for a drawn delay that is too short for the model of its target."""
    for projection in network.projections:
        if not projection.size:
            continue
        cell = network.population(projection.post).cell
        shortest, least = projection.shortest_delay, least_delay_steps(type(cell))
        if shortest < least:
            setting = f"{setting_of(projection, config)}={shortest * network.dt_ms:g} is"
            raise _too_short(setting, cell, network.dt_ms, least)


def _or_another_backend(cell: type[Cell]) -> str:
    return or_another_backend(cell, instead_of="nest")


def _too_short(what: str, cell: Cell, dt_ms: float, least: int) -> ConfigurationError:
    return ConfigurationError(
        f"{what} too short: in NEST a current or conductance acts one step after its spike arrives, so "
        f"{cell.model} needs delays of at least {least} steps ({least * dt_ms:g} ms); use a longer delay (low: "
        f"{least * dt_ms:g} in a distribution), a smaller simulation.dt_ms"
        f"{_or_another_backend(type(cell))}"
    )
