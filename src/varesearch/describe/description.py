"""The tables of Nordlie, Gewaltig and Plesser (2009) for a configuration."""

from pathlib import Path

from varesearch.backends.base import Backend
from varesearch.backends.check import check_supported
from varesearch.config.schema import Config
from varesearch.config.settings import unit_of
from varesearch.config.structure import Structure
from varesearch.config.validation import validate
from varesearch.describe.connectivity import connectivity_section, rule_groups
from varesearch.describe.document import CITATION, Description, Section, Table
from varesearch.describe.inputs import acting, input_section
from varesearch.describe.measurements import measurement_section
from varesearch.describe.neurons import neuron_section
from varesearch.describe.plasticity import plasticity_section, synapses_of
from varesearch.describe.values import PARAMETERS, code, described, value_text
from varesearch.describe.words import references_in, words_of
from varesearch.metrics import check_further


def describe(config: Config, config_dir: Path | None = None) -> Description:
    """Describe a network and its simulation as Nordlie et al. propose.

    The words and equations are those of the docstrings of its cells, wiring rules and stimuli; every number is that of
    the configuration. The network is not drawn, and no simulator is needed.

    Parameters
    ----------
    config
        The configuration.
    config_dir
        The folder of the user's own parts.

    Returns
    -------
    Description
        To be written by :mod:`.markdown`, :mod:`.latex` or the report.

    Raises
    ------
    ConfigurationError
        One line: the configuration cannot be run, apart from what the machine at hand lacks.

    Examples
    --------
    >>> from varesearch.config.compose import compose
    >>> for section in describe(compose().config).sections:
    ...     print(section.title)
    A: Model summary
    B: Populations
    C: Connectivity
    D: Neuron and synapse models
    E: Plasticity
    F: Input
    G: Measurements
    Simulation
    """
    validate(config)
    check_further(config.analysis, config.simulation, config_dir)
    backend, structure = check_supported(config), config.structure
    sections = (
        _summary(config, backend),
        _populations(structure),
        connectivity_section(structure),
        neuron_section(structure, backend),
        plasticity_section(structure),
        input_section(structure),
        measurement_section(config, config_dir),
        _simulation(config, backend),
    )
    return Description(_title(structure), sections, _references(sections, structure, backend))


def _title(structure: Structure) -> str:
    sizes = " + ".join(f"{size} {name}" for name, size in structure.sizes.items())
    return f"Network of {sizes} cells ({structure.cell_names})"


def _summary(config: Config, backend: type[Backend]) -> Section:
    structure = config.structure
    models = dict.fromkeys(cell.model for _, cell in structure.cells)
    kinds = dict.fromkeys(type(cell).synapse.value for _, cell in structure.cells)
    rules = dict.fromkeys(group[0].rule.rule for group in rule_groups(structure))
    stimuli = dict.fromkeys(each.stimulus.kind for each in acting(structure))
    signals = dict.fromkeys(
        signal for it in structure.populations.values() for signal in config.recording.sampled(it.name, type(it.cell))
    )
    rows = (
        ("Populations", f"{len(structure.populations)}: {', '.join(map(code, structure.populations))}"),
        *([("Scale", _scale(config))] if config.scale.acts else []),
        ("Topology", _topology(structure)),
        (
            "Connectivity",
            f"{len(structure.projections)} projections: {', '.join(map(code, rules))}" if rules else "None",
        ),
        ("Neuron model", ", ".join(map(code, models))),
        ("Synapse model", ", ".join(kinds)),
        ("Plasticity", ", ".join(dict.fromkeys(code(it.name) for it in synapses_of(structure))) or "None"),
        ("Input", ", ".join(map(code, stimuli)) or "None"),
        ("Measurements", ", ".join(["spikes", *map(code, signals)])),
        ("Simulator", code(backend.name)),
    )
    return Section("A", "Model summary", (), (Table("", ("", "description"), rows),))


def _scale(config: Config) -> str:
    scale = config.scale
    return (
        f"{value_text(scale.cells)} times the cells and {value_text(scale.in_degree)} times the synapses onto each; "
        "weights and currents keep mean and variance of the input (van Albada et al. 2015)"
    )


def _topology(structure: Structure) -> str:
    placed = dict.fromkeys(
        projection.rule.rule for projection in structure.projections if projection.rule.has_positions
    )
    return f"Cells have positions: see {', '.join(map(code, placed))} in table C" if placed else "None"


def _populations(structure: Structure) -> Section:
    rows = tuple(
        (code(it.name), str(it.size), it.receptor, code(it.cell.model)) for it in structure.populations.values()
    )
    head = ("population", "cells", "receptor of its synapses", "neuron model")
    total = ("in all", str(structure.n_cells), "", "")
    return Section("B", "Populations", (), (Table("", head, (*rows, total)),))


def _simulation(config: Config, backend: type[Backend]) -> Section:
    rows = [
        (code(each.name), value_text(getattr(config.simulation, each.name)), unit_of(config.simulation, each.name),
         each.metadata["what"])
        for each in described(config.simulation)
    ]  # fmt: skip
    rows.append((code("seed"), value_text(config.seed), "", "seed of every random draw"))
    rows.append((code("backend"), code(backend.name), "", f"simulator, which computes in {backend.arithmetic}"))
    return Section("", "Simulation", (), (Table("", PARAMETERS, tuple(rows)),))


def _references(sections: tuple[Section, ...], structure: Structure, backend: type[Backend]) -> tuple[str, ...]:
    texts = [
        text
        for section in sections
        for table in section.tables
        for row in table.rows
        for cell in row
        for text in cell.split("\n")
    ]
    of_parts = [reference for part in (*structure.parts, backend) for reference in words_of(part).references]
    return references_in([*texts, *of_parts, CITATION])
