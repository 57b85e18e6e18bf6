"""The structure of a network: its populations, its projections and its stimuli, each with settings of its own.

Without data of its own a network is the pair: ``exc`` and ``inh``, as large as ``connectivity.n`` and
``connectivity.exc_inh_ratio`` say, of the cell of the group ``cell``, connected by the group ``connectivity`` and
driven by the group ``stimulus``. The mappings ``populations``, ``projections`` and ``stimuli`` change and extend it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from varesearch.config import ranges
from varesearch.config.cell import Cell
from varesearch.config.checks import check_delay, check_name, check_population, check_weight
from varesearch.config.errors import ConfigurationError, renamed
from varesearch.config.parts import Part
from varesearch.config.projection import RECEPTORS, Given, ProjectionSettings, Receptor
from varesearch.config.rule import PAIR, Rule
from varesearch.config.scaling import Compensation, compensating_currents
from varesearch.config.settings import Settings, quantity
from varesearch.config.stimulus import CurrentInput, Source, Stimulus, Surroundings
from varesearch.config.synapse_type import SynapseType


@dataclass
class PopulationSettings(Settings):
    """What a population has of its own; what is null it takes from the groups.

    Examples
    --------
    >>> from varesearch.config.compose import compose
    >>> config = compose(["populations.inh.cell.a=0.1", "populations.inh.size=100"]).config
    >>> config.populations["inh"].size, config.populations["inh"].cell.a, config.cell.a
    (100, 0.1, 0.02)
    """

    size: int | None = quantity(
        None,
        "cells",
        "number of cells; null for exc and inh: by connectivity.n and exc_inh_ratio",
        allowed=ranges.COUNT_OF_SOURCES,
    )
    receptor: str | None = quantity(
        None, "", "receptor that its synapses act on; null: inhibitory for inh, else excitatory", RECEPTORS
    )
    cell: Any = field(
        default=None,
        metadata={"unit": "", "what": "its own cell: an option, or settings that differ; null: that of the group cell"},
    )


@dataclass(frozen=True)
class ProjectionEntry:
    """What ``projections`` says of one projection.

    Attributes
    ----------
    pre, post
        The populations that it comes from and goes to.
    receptor
        The receptor that it acts on; None: that of ``pre``.
    rule
        Its wiring rule; None: the rule of the group ``connectivity``.
    own
        Its own weight, delay and settings of the rule.
    where
        Its name in the configuration.
    dropped
        Whether there is no such projection (``projections.NAME=null``).
    synapse
        Its synapses; None: those of the group ``synapse``.
    """

    pre: str
    post: str
    receptor: Receptor | None = None
    rule: Rule | None = None
    own: Mapping[str, Given] = field(default_factory=dict)
    where: str = ""
    dropped: bool = False
    synapse: SynapseType | None = None


@dataclass(frozen=True)
class ConfiguredPopulation:
    """A population with all that the configuration says of it.

    ``receptor`` is what its synapses act on, ``where`` the name of its cell's settings in the configuration.
    """

    name: str
    size: int
    cell: Cell
    receptor: Receptor
    where: str


@dataclass(frozen=True)
class ConfiguredStimulus:
    """A stimulus of a network; ``where`` is its name in the configuration: ``stimulus``, or ``stimuli.NAME``.

    ``weight_factor`` multiplies the weights of its synapses (``scale.in_degree``).
    """

    where: str
    stimulus: Stimulus
    weight_factor: float = 1.0

    @property
    def name(self) -> str:
        """Its name among ``stimuli``; "" for that of the group."""
        return self.where.partition(".")[2]

    def key(self, setting: str) -> str:
        """Return the name of a setting that the stimulus calls as if it stood in its group, ``stimulus.weight``."""
        group = "stimulus."
        return f"{self.where}.{setting.removeprefix(group)}" if setting.startswith(group) else setting

    def within(self, around: Surroundings) -> Surroundings:
        """Return the surroundings in which its random streams are its own, whatever other stimuli there are."""
        return replace(around, owner=self.name)

    def sources(self, sizes: Mapping[str, int]) -> tuple[Source, ...]:
        """Return its groups of spike sources; those of ``stimuli.NAME`` are called ``NAME`` or ``NAME_POPULATION``."""
        found = self.stimulus.sources(sizes)
        if not self.name:
            return found
        if len(found) == 1:
            return (replace(found[0], name=self.name),)
        return tuple(replace(each, name=f"{self.name}_{'_'.join(each.targets)}") for each in found)


@dataclass(frozen=True)
class Structure:
    """The populations, projections and stimuli of a network, each with the settings that apply to it.

    Attributes
    ----------
    populations
        Name -> population.
    projections
        The projections between populations; each has its wiring rule.
    stimuli
        What drives the network from outside.
    cell
        The settings of the group ``cell``.
    lacking
        The input that cells lack because of ``scale``, for which constant currents make up.

    Examples
    --------
    >>> from varesearch.config.compose import compose
    >>> structure = compose(["populations={a: {size: 10}, b: {size: 5}}", "projections.b_to_b=null"]).config.structure
    >>> structure.sizes, [projection.name for projection in structure.projections]
    ({'a': 10, 'b': 5}, ['a_to_a', 'a_to_b', 'b_to_a'])
    """

    populations: Mapping[str, ConfiguredPopulation]
    projections: tuple[ProjectionSettings, ...]
    stimuli: tuple[ConfiguredStimulus, ...]
    cell: Cell
    lacking: tuple[Compensation, ...] = ()

    @property
    def sizes(self) -> dict[str, int]:
        """Population -> number of cells."""
        return {name: population.size for name, population in self.populations.items()}

    @property
    def cells(self) -> tuple[tuple[str, Cell], ...]:
        """The different cells: where they stand in the configuration, and their settings."""
        return tuple({population.where: population.cell for population in self.populations.values()}.items())

    @property
    def acts_on(self) -> dict[str, str]:
        """Population -> the receptor that all its synapses act on; "" if its projections differ in it."""
        kinds = {name: {each.receptor for each in self.projections if each.pre == name} for name in self.populations}
        own = {name: population.receptor for name, population in self.populations.items()}
        return {name: next(iter(found or {own[name]})) if len(found) < 2 else "" for name, found in kinds.items()}

    @property
    def n_cells(self) -> int:
        """The number of cells of all populations."""
        return sum(self.sizes.values())

    @property
    def cell_names(self) -> str:
        """The models of its cells, for a title."""
        return " + ".join(dict.fromkeys(cell.model for _, cell in self.cells))

    @property
    def stimulus_names(self) -> str:
        """The kinds of its stimuli, for a title; ``none`` if nothing drives it."""
        kinds = [each.stimulus.kind for each in self.stimuli]
        return " + ".join([kind for kind in kinds if kind != "none"]) or kinds[0]

    @property
    def parts(self) -> Iterator[type[Part]]:
        """The classes of its cells, rules and stimuli."""
        yield from dict.fromkeys(type(population.cell) for population in self.populations.values())
        yield from dict.fromkeys(type(projection.rule) for projection in self.projections)
        yield from dict.fromkeys(type(it.synapse) for it in self.projections if it.synapse is not None)
        yield from dict.fromkeys(type(each.stimulus) for each in self.stimuli)

    @cached_property
    def inputs(self) -> tuple[tuple[ConfiguredStimulus, ProjectionSettings], ...]:
        """The projections from spike sources, each with its stimulus."""
        return tuple((each, it) for each in self.stimuli for it in self.inputs_of(each))

    def projection(self, name: str) -> ProjectionSettings | None:
        """Return the projection of that name, also one from a spike source; None if there is none."""
        every = (*self.projections, *(settings for _, settings in self.inputs))
        return next((each for each in every if each.name == name), None)

    def currents(self, around: Surroundings) -> tuple[CurrentInput, ...]:
        """Return the currents that all stimuli inject, and those that make up for lacking input."""
        of_stimuli = (each.stimulus.currents(each.within(around)) for each in self.stimuli)
        return (*(current for currents in of_stimuli for current in currents), *self.compensation(around))

    def compensation(self, around: Surroundings) -> tuple[CurrentInput, ...]:
        """Return the currents that make up for input that cells lack because of ``scale``."""
        return compensating_currents(self.lacking, around)

    def inputs_of(self, each: ConfiguredStimulus) -> Iterator[ProjectionSettings]:
        """Yield the projections from the spike sources of a stimulus."""
        for projection in each.stimulus.projections(each.sources(self.sizes), self.sizes):
            given = {key: replace(it, key=each.key(it.key)) for key, it in projection.given.items()}
            weight = self._of_target(given["weight"], "weight_stimulus", each.where, projection.post)
            given["weight"] = replace(weight, value=weight.value.times(each.weight_factor))
            yield replace(projection, given=given)

    def _of_target(self, given: Given, setting: str, group: str, target: str) -> Given:
        """The weight of the target's own cell, where the group's weight is only that of the group ``cell``."""
        population = self.populations[target]
        if population.cell is self.cell or given.value != getattr(self.cell, setting):
            return given
        if not given.key.startswith(f"{group}.weight"):
            return given
        return Given(f"{population.where}.{setting}", getattr(population.cell, setting))

    def check(self, around: Surroundings, wiring: Rule) -> None:
        """Raise ConfigurationError for a part with which no network can be drawn, or that does not fit the others."""
        dt_ms = around.dt_ms
        for name in self.populations:
            check_name(f"populations.{name}", name)
        for where, cell in self.cells:
            with renamed("cell", where):
                cell.check_settings(dt_ms)
        checked: list[Rule] = [wiring]
        wiring.check_settings(dt_ms)
        for projection in self.projections:
            check_weight(projection.key("weight"), projection.weight)
            check_delay(projection.key("delay_ms"), projection.delay_ms, dt_ms)
            with renamed("connectivity", projection.where):
                projection.rule.check_projection(projection)
                projection.rule.check_step(projection, dt_ms)
                if not any(projection.rule is each for each in checked):
                    projection.rule.check(dt_ms)
                    checked.append(projection.rule)
            if projection.synapse is not None:
                with renamed("synapse", projection.synapse_where):
                    projection.synapse.check(dt_ms)
                    projection.synapse.check_projection(projection)
        for each in self.stimuli:
            with renamed("stimulus", each.where):
                each.stimulus.check_settings(around)
        self._check_sources()

    def _check_sources(self) -> None:
        seen = set(self.populations)
        for each in self.stimuli:
            if each.name:
                check_name(each.where, each.name)
            for source in each.sources(self.sizes):
                if source.name in seen:
                    raise ConfigurationError(
                        f"{each.where}: its sources are called {source.name}, as another population or source is; "
                        "give the stimulus another name, stimuli.NAME"
                    )
                seen.add(source.name)


def structure_of(
    cell: Cell,
    wiring: Rule,
    stimulus: Stimulus,
    populations: Mapping[str, PopulationSettings],
    projections: Mapping[str, ProjectionEntry],
    stimuli: Mapping[str, Stimulus],
    synapse: SynapseType | None = None,
) -> Structure:
    """Return the structure that the groups and the data describe.

    Parameters
    ----------
    cell, wiring, stimulus
        The settings of the groups ``cell``, ``connectivity`` and ``stimulus``.
    populations, projections, stimuli
        The data. If all populations are called ``exc`` or ``inh``, they change the pair; else they are all there are.
    synapse
        The settings of the group ``synapse``; None: static synapses.

    Raises
    ------
    ConfigurationError
        A population has no size, or a projection goes from or to a population that does not exist.
    """
    configured = _populations(cell, wiring, populations)
    structure = Structure(
        populations=configured,
        projections=(),
        stimuli=(
            ConfiguredStimulus("stimulus", stimulus),
            *(ConfiguredStimulus(f"stimuli.{name}", each) for name, each in stimuli.items()),
        ),
        cell=cell,
    )
    return replace(structure, projections=tuple(_projections(structure, wiring, projections, synapse)))


def is_pair(populations: Mapping[str, Any]) -> bool:
    """Return whether these populations change the pair, and are not a list of all populations."""
    return set(populations) <= set(PAIR)


def _populations(
    cell: Cell, wiring: Rule, populations: Mapping[str, PopulationSettings]
) -> dict[str, ConfiguredPopulation]:
    sizes: Mapping[str, int | None] = {name: each.size for name, each in populations.items()}
    if is_pair(populations):
        own = {name: size for name, size in sizes.items() if size is not None}
        sizes = wiring.sizes | own
    configured = {}
    for name, size in sizes.items():
        settings = populations.get(name, PopulationSettings())
        if size is None:
            raise ConfigurationError(
                f"populations.{name}.size is missing: populations other than exc and inh need a size; write "
                f"populations.{name}.size=100"
            )
        where = "cell" if settings.cell is None else f"populations.{name}.cell"
        receptor = receptor_of(name, populations)
        configured[name] = ConfiguredPopulation(name, size, settings.cell or cell, receptor, where)
    return configured


def receptor_of(name: str, populations: Mapping[str, PopulationSettings]) -> Receptor:
    """Return the receptor that the synapses of a population act on, where its projections name no other."""
    own = populations[name].receptor if name in populations else None
    return "inhibitory" if (own or PAIR.get(name)) == "inhibitory" else "excitatory"


def _projections(
    structure: Structure, wiring: Rule, entries: Mapping[str, ProjectionEntry], synapse: SynapseType | None
) -> Iterator[ProjectionSettings]:
    """Yield those of the group ``connectivity``, all to all, as the entries change them; then those that they add."""
    every = [(pre, post) for pre in structure.populations for post in structure.populations] if wiring.connects else []
    base = {f"{pre}_to_{post}": ProjectionEntry(pre, post) for pre, post in every}
    for name, entry in (base | dict(entries)).items():
        if entry.dropped:
            continue
        for end in (entry.pre, entry.post):
            check_population(entry.where, f"{entry.pre} to {entry.post}", end, structure.populations)
        pre, post = structure.populations[entry.pre], structure.populations[entry.post]
        receptor, rule = entry.receptor or pre.receptor, entry.rule or wiring
        given = dict(rule.given(name, receptor))
        weight = rule.setting_of("weight", receptor)
        if weight is not None:
            given["weight"] = structure._of_target(given["weight"], weight, "connectivity", post.name)
        if entry.rule is not None:  # weight and delay are those of the group, the rest is its own
            own = [key for key in given if key not in ("weight", "delay_ms")]
            given |= {key: replace(given[key], key=f"{entry.where}.{key}") for key in own}
        settings = ProjectionSettings(
            name=name,
            pre=pre.name,
            post=post.name,
            pre_size=pre.size,
            post_size=post.size,
            receptor=receptor,
            given=given | dict(entry.own),
            rule=rule,
            no_self=pre is post and not rule.allow_self_connections,
            where=entry.where if entry.rule is not None else "connectivity",
        )
        yield _with_synapse(settings, entry, synapse)


def _with_synapse(
    settings: ProjectionSettings, entry: ProjectionEntry, of_group: SynapseType | None
) -> ProjectionSettings:
    """Give a projection its own synapse, or that of the group if it is meant for the receptor."""
    chosen = entry.synapse
    if chosen is None and of_group is not None and settings.receptor in of_group.receptors:
        chosen = of_group
    if chosen is None or not chosen.changes:
        return settings
    where = "synapse" if entry.synapse is None else f"{entry.where}.synapse"
    with renamed("synapse", where):
        return replace(settings, synapse=chosen.of(settings), synapse_where=where)
