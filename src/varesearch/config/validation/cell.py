"""The cell: parameters for which its equations make sense, and can be solved at the time step."""

from varesearch.config.cells import IfCondExp, IfCurrAlpha, IfCurrDelta, IfCurrExp, Izhikevich, IzhikevichDelta
from varesearch.config.distributions import parse_distribution
from varesearch.config.schema import Config
from varesearch.config.validation.primitives import (
    check_at_least,
    check_few_steps,
    check_multiple,
    check_positive,
    check_weight,
    refuse,
)

_IntegrateAndFire = IfCondExp | IfCurrExp | IfCurrAlpha | IfCurrDelta

SPIKE_PEAK_MV = 30.0
"""Where an Izhikevich cell is reset (Izhikevich 2003, eq. 3)."""


def check_cell(config: Config) -> None:
    """Raise ConfigurationError for a parameter out of its range."""
    cell, dt_ms = config.cell, config.simulation.dt_ms
    for name in ("tau_m", "tau_syn_E", "tau_syn_I"):
        if hasattr(cell, name):
            check_positive(f"cell.{name}", getattr(cell, name), "ms")
    if isinstance(cell, Izhikevich | IzhikevichDelta):
        _check_izhikevich(cell, dt_ms)
    elif isinstance(cell, _IntegrateAndFire):
        _check_integrate_and_fire(cell, dt_ms)
    for name in ("v_init", "u_init"):
        if hasattr(cell, name):
            parse_distribution(getattr(cell, name), f"cell.{name}")
    for name in ("weight_exc", "weight_inh", "weight_stimulus"):
        check_weight(f"cell.{name}", getattr(cell, name))


def _check_izhikevich(cell: Izhikevich | IzhikevichDelta, dt_ms: float) -> None:
    check_at_least("cell.a", cell.a, 0.0, "per ms")
    if cell.a * dt_ms > 1:
        refuse("cell.a", cell.a, f"is too fast for the step; it must be at most 1/dt_ms={1 / dt_ms:g} per ms")
    if cell.c >= SPIKE_PEAK_MV:
        refuse("cell.c", cell.c, f"must be below the peak of a spike, {SPIKE_PEAK_MV:g} mV; else firing never stops")


def _check_integrate_and_fire(cell: _IntegrateAndFire, dt_ms: float) -> None:
    check_positive("cell.cm", cell.cm, "nF")
    if cell.v_reset >= cell.v_thresh:
        refuse(
            "cell.v_reset", cell.v_reset, f"must be below cell.v_thresh={cell.v_thresh:g} mV; else firing never stops"
        )
    check_at_least("cell.tau_refrac", cell.tau_refrac, 0.0, "ms")
    check_few_steps("cell.tau_refrac", cell.tau_refrac, dt_ms)
    check_multiple("cell.tau_refrac", cell.tau_refrac, dt_ms)
    if cell.integrator == "euler" and cell.tau_m < dt_ms:
        refuse("cell.tau_m", cell.tau_m, f"is too fast for cell.integrator=euler; it must be at least {dt_ms:g} ms")
