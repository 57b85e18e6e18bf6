"""The wiring: populations with cells in them, and rules that the populations can satisfy."""

from varesearch.config.checks import (
    MOST_DELAY_STEPS,
    check_at_least,
    check_delay,
    check_positive,
    check_probability,
    check_weight,
    refuse,
)
from varesearch.config.connectivity import (
    PROJECTIONS,
    ConnectivityConfig,
    DistanceDependent,
    FixedInDegree,
    FixedProbability,
)
from varesearch.config.schema import Config


def check_wiring(config: Config) -> None:
    """Raise ConfigurationError for sizes, probabilities, degrees, weights or delays that cannot be wired."""
    wiring, dt_ms = config.connectivity, config.simulation.dt_ms
    _check_sizes(wiring)
    for population in ("exc", "inh"):
        check_weight(f"connectivity.weight_{population}", getattr(wiring, f"weight_{population}"))
    check_delay("connectivity.delay_ms", wiring.delay_ms, dt_ms)
    for projection in PROJECTIONS:
        if getattr(wiring, projection).weight is not None:
            check_weight(f"connectivity.{projection}.weight", getattr(wiring, projection).weight)
        if getattr(wiring, projection).delay_ms is not None:
            check_delay(f"connectivity.{projection}.delay_ms", getattr(wiring, projection).delay_ms, dt_ms)
    if isinstance(wiring, FixedProbability):
        for setting, _, p in _values(wiring, "p"):
            check_probability(setting, p)
        if wiring.streams == "shared" and wiring.draw == "native":
            refuse(
                "connectivity.streams", wiring.streams, "is drawn here; write connectivity.draw=host, or streams=own"
            )
    elif isinstance(wiring, FixedInDegree):
        _check_in_degrees(wiring)
    elif isinstance(wiring, DistanceDependent):
        _check_sheet(wiring, dt_ms)


def _check_sizes(wiring: ConnectivityConfig) -> None:
    for name, size in (("excitatory", wiring.n_exc), ("inhibitory", wiring.n_inh)):
        if size < 1:
            refuse(
                "connectivity.exc_inh_ratio",
                wiring.exc_inh_ratio,
                f"leaves no {name} cell among connectivity.n={wiring.n}; take more cells or a ratio nearer to 1",
            )


def _values(wiring: ConnectivityConfig, name: str) -> list[tuple[str, str, float]]:
    """(setting, projection, value) of ``name`` for each projection: its own where it has one, else the group's."""
    rows = []
    for projection in PROJECTIONS:
        if getattr(getattr(wiring, projection), name) is not None:
            setting = f"connectivity.{projection}.{name}"
        elif hasattr(wiring, name):
            setting = f"connectivity.{name}"
        else:
            setting = f"connectivity.{name}_{projection.partition('_to_')[0]}"
        rows.append((setting, projection, wiring.value_of(projection, name)))
    return rows


def _check_in_degrees(wiring: FixedInDegree) -> None:
    sizes = {"exc": wiring.n_exc, "inh": wiring.n_inh}
    for setting, projection, degree in _values(wiring, "in_degree"):
        check_at_least(setting, degree, 0, "synapses")
        pre, post = projection.split("_to_")
        itself = pre == post and not wiring.allow_self_connections
        most = sizes[pre] - itself
        if degree > most:
            why = ", itself left out" if itself else ""
            refuse(setting, degree, f"must be at most {most}, the number of {pre} cells to choose from{why}")


def _check_sheet(wiring: DistanceDependent, dt_ms: float) -> None:
    check_positive("connectivity.sheet_mm", wiring.sheet_mm, "mm")
    for setting, _, p_max in _values(wiring, "p_max"):
        check_probability(setting, p_max)
    for setting, _, scale_mm in _values(wiring, "scale_mm"):
        check_positive(setting, scale_mm, "mm")
    velocity = wiring.velocity_mm_per_ms
    if velocity is None:
        return
    check_positive("connectivity.velocity_mm_per_ms", velocity, "mm/ms")
    if wiring.longest_way_ms > MOST_DELAY_STEPS * dt_ms:
        refuse(
            "connectivity.velocity_mm_per_ms",
            velocity,
            f"makes delays longer than {MOST_DELAY_STEPS} steps across the sheet; raise it",
        )
