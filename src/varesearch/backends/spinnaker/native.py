"""``connectivity.draw=native``: sPyNNaker's own connectors, whose synapses the machine draws when it is loaded.

Another draw than the host's, by another generator, and what was drawn only the machine knows. sPyNNaker refuses a
generator in a connector; the seed of the target population decides (:func:`population_seed`). Weights and delays are
one number for each projection; the machine rounds them to s16.15 before it scales them.
"""

from types import ModuleType
from typing import Any

from varesearch.backends.translation.spinnaker import ROWS
from varesearch.backends.translation.table import Context, translate
from varesearch.config.connectivity import PROJECTIONS, ConnectivityConfig, FixedInDegree, FixedProbability
from varesearch.config.errors import ConfigurationError
from varesearch.config.values import Constant
from varesearch.network.model import Projection
from varesearch.network.streams import stream
from varesearch.network.synapses import delay_steps, draw_values


def check_native(connectivity: ConnectivityConfig) -> None:
    """Raise ConfigurationError for a rule or a value that is not drawn on the machine."""
    if not isinstance(connectivity, FixedProbability | FixedInDegree):
        raise ConfigurationError(
            f"connectivity.draw=native with connectivity={connectivity.rule}: SpiNNaker expands fixed_probability and "
            "fixed_in_degree itself; use connectivity.draw=host"
        )
    for name in PROJECTIONS:
        for setting in ("weight", "delay_ms"):
            value = connectivity.value_of(name, setting)
            if not isinstance(value, Constant):
                raise ConfigurationError(
                    f"connectivity.draw=native with a distribution for {setting} of {name} ({value}): give one number, "
                    "or use connectivity.draw=host"
                )


def population_seed(seed: int, name: str) -> int:
    """The seed of a population, from which the machine draws the synapses onto it."""
    return int(stream(seed, name, "native draw").integers(2**31))


def native_connector(sim: ModuleType, connectivity: ConnectivityConfig, name: str) -> Any:
    """sPyNNaker's connector for the rule of projection ``name``."""
    allow_self = connectivity.allow_self_connections
    if isinstance(connectivity, FixedInDegree):
        return sim.FixedNumberPreConnector(
            connectivity.value_of(name, "in_degree"), allow_self_connections=allow_self, with_replacement=False
        )
    return sim.FixedProbabilityConnector(connectivity.value_of(name, "p"), allow_self_connections=allow_self)


def native_synapse(sim: ModuleType, connectivity: ConnectivityConfig, projection: Projection, context: Context) -> Any:
    """The weight and delay of a projection as sPyNNaker's synapse, translated as the lists are."""

    def constant(setting: str) -> Any:
        value = connectivity.value_of(projection.name, setting)
        return draw_values(value, setting, 0, projection.name, 1)

    rows = ROWS[context.cell.model]
    weight = translate(rows, f"weight_{projection.receptor}", constant("weight"), context)
    delay = translate(rows, "delay_steps", delay_steps(constant("delay_ms"), context.dt_ms), context)
    return sim.StaticSynapse(weight=float(weight[0]), delay=float(delay[0]))
