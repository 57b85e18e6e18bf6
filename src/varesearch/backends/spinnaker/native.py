"""``connectivity.draw=native``: sPyNNaker's own connectors, whose synapses the machine draws when it is loaded.

The draw differs from the host's, since the machine has another generator, and only the machine knows the synapses.
sPyNNaker refuses a generator in a connector; the machine draws from the seed of the target population
(:func:`population_seed`). Weights and delays are one number for each projection; the machine rounds them to s16.15
before it scales them.
"""

from collections.abc import Iterable
from types import ModuleType
from typing import Any

from varesearch.backends.spinnaker.translation import rows
from varesearch.backends.table import Context, translate
from varesearch.config.errors import ConfigurationError
from varesearch.config.heterogeneity import extreme_cells
from varesearch.config.parts import parts
from varesearch.config.projection import ProjectionSettings
from varesearch.config.rule import Rule
from varesearch.config.schema import Config
from varesearch.config.streams import stream
from varesearch.config.values import Constant
from varesearch.network.synapses import delay_steps, draw_values


def check_native(projections: Iterable[ProjectionSettings]) -> None:
    """Raise ConfigurationError for a rule or a value that is not drawn on the machine."""
    for projection in projections:
        rule = projection.rule
        if not rule.pynn_connector:
            able = [name for name, rule in parts(Rule).items() if rule.pynn_connector]
            named = (
                f"{projection.where}={rule.rule}"
                if projection.where == rule.where
                else f"{projection.where}.rule={rule.rule}"
            )
            raise ConfigurationError(
                f"connectivity.draw=native with {named}: SpiNNaker expands {' and '.join(sorted(able))} itself; use "
                "connectivity.draw=host"
            )
        for setting in ("weight", "delay_ms"):
            value = projection[setting]
            if not isinstance(value, Constant):
                raise ConfigurationError(
                    f"connectivity.draw=native with a distribution for {setting} of {projection.name} ({value}): give "
                    "one number, or use connectivity.draw=host"
                )


def check_one_weight(config: Config) -> None:
    """Raise ConfigurationError if the machine would need a weight for each cell, since parameters of these differ."""
    dt_ms = config.simulation.dt_ms
    for population in config.structure.populations.values():
        for receptor in ("excitatory", "inhibitory"):
            weights = {
                float(translate(rows(type(each)), f"weight_{receptor}", 1.0, Context(each, dt_ms)))
                for each in extreme_cells(config, population)
            }
            if len(weights) > 1:
                names = " and ".join(f"{population.where}.{name}" for name in population.cell.varying)
                raise ConfigurationError(
                    f"connectivity.draw=native with {names} drawn: the machine's weights of {receptor} synapses depend "
                    "on the cell, and it takes one number for all; use connectivity.draw=host"
                )


def population_seed(seed: int, name: str) -> int:
    """Return the seed of a population, from which the machine draws the synapses onto it."""
    return int(stream(seed, name, "native draw").integers(2**31))


def native_connector(sim: ModuleType, settings: ProjectionSettings) -> Any:
    """Return sPyNNaker's connector for the rule of a projection."""
    wiring = settings.rule
    connector = getattr(sim, wiring.pynn_connector)
    return connector(**wiring.pynn_arguments(settings))


def native_synapse(sim: ModuleType, settings: ProjectionSettings, context: Context) -> Any:
    """Return the weight and delay of a projection as sPyNNaker's synapse, translated as the lists are."""

    def constant(setting: str) -> Any:
        return draw_values(settings[setting], setting, 0, settings.name, 1)

    of_cell = rows(type(context.cell))
    weight = translate(of_cell, f"weight_{settings.receptor}", constant("weight"), context)
    delay = translate(of_cell, "delay_steps", delay_steps(constant("delay_ms"), context.dt_ms), context)
    return sim.StaticSynapse(weight=float(weight[0]), delay=float(delay[0]))
