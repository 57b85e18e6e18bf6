"""Refuse a weight of a group of which nobody could tell whether a population with a cell of its own shall have it."""

from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf import DictConfig

from varesearch.config.errors import ConfigurationError
from varesearch.config.plain import is_reference
from varesearch.config.schema import Config
from varesearch.config.values import Value


def check_shared_weights(config: Config, node: DictConfig) -> None:
    """Refuse a weight that was named and is the default of the group ``cell``.

    A weight of the group ``connectivity`` or of a stimulus that equals the default of the group's cell counts as not
    named, and onto a population with a cell of its own that cell's default is taken: a record of a run holds values
    only, and must give the same network again. Whoever names that very value means something else by it.

    Parameters
    ----------
    config
        The typed settings.
    node
        The same before references were resolved: there a weight that nobody named is a reference.

    Raises
    ------
    ConfigurationError
        One line that names the weight, the population, and what to write.
    """
    own = {name: it.cell for name, it in config.populations.items() if it.cell is not None}
    if not own:
        return
    for key, part, setting, of_cell in _weights(config):
        given: Value = getattr(part, setting)
        if given != getattr(config.cell, of_cell) or _is_reference(node, f"{key}.{setting}"):
            continue
        for name, cell in own.items():
            if getattr(cell, of_cell) != given:
                theirs = f"{getattr(cell, of_cell)} {cell.unit_of(of_cell)}"
                raise ConfigurationError(
                    f"{key}.{setting}={given} is what cell.{of_cell} gives anyway, and does not say what synapses onto "
                    f"{name} shall have, whose own cell gives {theirs}; leave it out, or write "
                    f"populations.{name}.cell.{of_cell}={given} besides"
                )


def _weights(config: Config) -> Iterator[tuple[str, Any, str, str]]:
    """The settings that refer to weights of the cell: key and settings of the part, its setting, that of the cell."""
    for name in ("weight_exc", "weight_inh"):
        yield "connectivity", config.connectivity, name, name
    stimuli: Mapping[str, Any] = {
        "stimulus": config.stimulus,
        **{f"stimuli.{name}": each for name, each in config.stimuli.items()},
    }
    for key, stimulus in stimuli.items():
        if hasattr(stimulus, "weight"):
            yield key, stimulus, "weight", "weight_stimulus"


def _is_reference(node: DictConfig, key: str) -> bool:
    inner: Any = node
    for name in key.split("."):
        inner = inner._get_node(name)
    return is_reference(inner._value())
