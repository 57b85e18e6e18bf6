"""The configuration of a run whose network a program made."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.config.compose import Composed, compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.plain import as_plain
from varesearch.config.structure_data import DATA
from varesearch.config.wording import echoed
from varesearch.interface.words import words_of

if TYPE_CHECKING:
    from varesearch.network.model import Network

_OF_THE_NETWORK = ("cell", "connectivity", "stimulus", *DATA, "scale", "simulation", "seed", "experiment")


def composed_for(network: "Network", words: Sequence[str], config_dir: str | Path | None) -> Composed:
    """The configuration with which a given network is simulated, measured and tracked.

    It describes the network as far as settings can: its time step and duration, its number of cells, the cells of its
    first population. Raises ConfigurationError for a word that would change the network.
    """
    for word in words:
        key = word.partition("=")[0].lstrip("+~")
        if key.split(".")[0] in _OF_THE_NETWORK:
            raise ConfigurationError(
                f"{echoed(word)}: the network is given, and settings do not change it; change it with "
                "dataclasses.replace, or use va.run"
            )
    if not network.populations:
        raise ConfigurationError("the network has no population; give it at least one")
    # The other settings (a weight, an initial value) stand for arrays, which the network holds.
    cell = as_plain(network.populations[0].cell)
    described = {
        "cell": {key: value for key, value in cell.items() if value is not None},
        "connectivity": {"n": max(2, network.n_cells)},
        "stimulus": "none",
        "simulation": {"dt_ms": network.dt_ms, "duration_ms": network.duration_ms},
        "seed": network.seed,
    }
    if not any(word.startswith("tracking.run_name=") for word in words):
        described["tracking"] = {"run_name": f"given network {network.hash[:12]}"}
    return compose((*words_of((), described), *words), None if config_dir is None else Path(config_dir).expanduser())
