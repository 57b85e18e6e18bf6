"""What Izhikevich's cells share."""

from varesearch.model.cells import check_at_least, refuse

SPIKE_PEAK_MV = 30.0
"""Where the cell is reset (Izhikevich 2003, eq. 3)."""

THRESHOLD = f"v >= {SPIKE_PEAK_MV:g}"
RESET = "v = c\nu += d"


def check_recovery(a: float, c: float, dt_ms: float) -> None:
    """Raise ConfigurationError for a recovery too fast for the time step, or a reset that is a spike again."""
    check_at_least("cell.a", a, 0.0, "per ms")
    if a * dt_ms > 1:
        refuse("cell.a", a, f"is too fast for the step; it must be at most 1/dt_ms={1 / dt_ms:g} per ms")
    if c >= SPIKE_PEAK_MV:
        refuse("cell.c", c, f"must be below the peak of a spike, {SPIKE_PEAK_MV:g} mV; else firing never stops")
