"""Table E: synapses that change."""

from collections.abc import Iterator

from varesearch.config.projection import ProjectionSettings
from varesearch.config.structure import Structure
from varesearch.config.synapse_type import SynapseType
from varesearch.describe.document import Section, Table
from varesearch.describe.values import code, parameter_table
from varesearch.describe.words import words_of

DELAY = (
    "The delay of a synapse that changes is dendritic: it sees a spike of its source at once, and one of its target "
    "after the delay."
)


def synapses_of(structure: Structure) -> list[SynapseType]:
    """Return the synapses of the projections that are not static."""
    return [each.synapse for each in structure.projections if each.synapse is not None]


def plasticity_section(structure: Structure) -> Section:
    """Return the rules by which synapses change, with their parameters."""
    groups = list(_groups(structure))
    if not groups:
        return Section("E", "Plasticity", ("None: all weights are constant.",))
    overview = Table(
        "Rules",
        ("rule", "projections", "description"),
        tuple((_rule(group), ", ".join(code(each.name) for each in group), _words(group)) for group in groups),
    )
    tables = [table for group in groups for table in _parameters(structure, group)]
    return Section("E", "Plasticity", (DELAY,), (overview, *tables))


def _groups(structure: Structure) -> Iterator[list[ProjectionSettings]]:
    groups: dict[str, list[ProjectionSettings]] = {}
    for each in structure.projections:
        if each.synapse is not None:
            groups.setdefault(repr(each.synapse), []).append(each)
    yield from groups.values()


def _rule(group: list[ProjectionSettings]) -> str:
    assert group[0].synapse is not None
    return code(group[0].synapse.name)


def _words(group: list[ProjectionSettings]) -> str:
    return words_of(type(group[0].synapse)).text


def _parameters(structure: Structure, group: list[ProjectionSettings]) -> tuple[Table, ...]:
    cells = {each.post: structure.populations[each.post].cell for each in group}
    title = f"Parameters of {_rule(group)} in {', '.join(code(each.name) for each in group)}"
    return parameter_table(title, group[0].synapse, cells)
