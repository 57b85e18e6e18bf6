"""Table F: what drives the network from outside."""

from collections.abc import Iterator, Mapping

from varesearch.config.cell import Cell
from varesearch.config.settings import unit_of
from varesearch.config.structure import ConfiguredStimulus, Structure
from varesearch.describe.document import Section, Table
from varesearch.describe.values import code, count_text, parameter_table, value_text, with_unit
from varesearch.describe.words import words_of

_OF_SYNAPSES = ("weight", "delay_ms")
"""Settings that stand with the targets, whose cells give the unit and may have weights of their own."""


def acting(structure: Structure) -> list[ConfiguredStimulus]:
    """Return the stimuli that reach a population."""
    return [each for each in structure.stimuli if each.stimulus.reached(structure.sizes)]


def input_section(structure: Structure) -> Section:
    """Return the stimuli with their parameters, and the synapses of their sources."""
    stimuli, lacking = acting(structure), _compensation(structure)
    if not stimuli and not lacking:
        return Section("F", "Input", ("None: nothing drives the network from outside.",))
    overview = Table(
        "Stimuli",
        ("stimulus", "kind", "description", "reaches"),
        tuple(
            (
                code(each.where),
                code(each.stimulus.kind),
                words_of(type(each.stimulus)).text,
                ", ".join(map(code, each.stimulus.reached(structure.sizes))),
            )
            for each in stimuli
        ),
    )
    parameters = [table for each in stimuli for table in _parameters(structure, each)]
    tables = (overview, *parameters, *_sources(structure)) if stimuli else ()
    return Section("F", "Input", (), (*tables, *lacking))


def _compensation(structure: Structure) -> tuple[Table, ...]:
    """The currents that make up for the input that cells lack because their in-degrees are scaled."""
    units = {name: it.cell.unit_of("i_offset") for name, it in structure.populations.items()}
    rows = tuple(
        (
            code(each.target),
            code(each.source),
            with_unit(f"{each.per_hz:.4g}", f"{units[each.target]} for each Hz"),
            "of the stimulus" if each.rate_hz is None else with_unit(f"{each.rate_hz:g}", "Hz"),
        )
        for each in structure.lacking
    )
    title = "Constant currents that keep the mean input of cells whose in-degrees are scaled (van Albada et al. 2015)"
    head = ("into the cells of", "in place of input from", "current", "mean rate")
    return (Table(title, head, rows),) if rows else ()


def _reached_cells(structure: Structure, each: ConfiguredStimulus) -> Mapping[str, Cell]:
    return {name: structure.populations[name].cell for name in each.stimulus.reached(structure.sizes)}


def _parameters(structure: Structure, each: ConfiguredStimulus) -> tuple[Table, ...]:
    title = f"Parameters of {code(each.where)} ({code(each.stimulus.kind)})"
    left_out = (*_OF_SYNAPSES, "targets") if each.sources(structure.sizes) else ("targets",)
    return parameter_table(title, each.stimulus, _reached_cells(structure, each), left_out)


def _sources(structure: Structure) -> Iterator[Table]:
    rows: dict[tuple[str, ...], list[tuple[str, float]]] = {}
    for each, projection in structure.inputs:
        cell = structure.populations[projection.post].cell
        key = (
            code(projection.pre),
            str(projection.pre_size),
            projection.receptor,
            *(with_unit(value_text(projection[name]), unit_of(each.stimulus, name, cell)) for name in _OF_SYNAPSES),
        )
        rows.setdefault(key, []).append((projection.post, each.stimulus.expected_synapses(projection)))
    if rows:
        yield Table(
            "Synapses of the sources",
            ("sources", "number", "receptor", "weight", "delay", "targets (expected synapses)"),
            tuple(
                (*key, ", ".join(f"{code(name)} ({count_text(n)})" for name, n in targets))
                for key, targets in rows.items()
            ),
        )
