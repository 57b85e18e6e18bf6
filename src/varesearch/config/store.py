"""The dataclasses of the configuration in Hydra's ConfigStore, so that every key of the YAML files is typed."""

from hydra.core.config_store import ConfigStore

from varesearch.config.cells import CELLS
from varesearch.config.connectivity import CONNECTIVITY
from varesearch.config.launching import LAUNCHERS, SWEEPERS
from varesearch.config.schema import BACKENDS, Config
from varesearch.config.stimuli import STIMULI

SCHEMAS: dict[str, dict[str, type]] = {
    "cell": {cell.model: cell for cell in CELLS},
    "connectivity": {rule.rule: rule for rule in CONNECTIVITY},
    "stimulus": {stimulus.kind: stimulus for stimulus in STIMULI},
    "backend": {backend.name: backend for backend in BACKENDS},
    "launcher": {launcher.name: launcher for launcher in LAUNCHERS},
    "sweeper": {sweeper.name: sweeper for sweeper in SWEEPERS},
}
"""Group -> the name that a YAML file gives as ``schema/NAME@_here_`` -> dataclass, for the groups that have several."""


def register_schemas() -> None:
    """Put the schemas into the ConfigStore, under names of our own. Doing it again changes nothing."""
    store = ConfigStore.instance()
    if "run_schema.yaml" in store.repo:
        return
    store.store(name="run_schema", node=Config, provider="varesearch")
    for group, schemas in SCHEMAS.items():
        for name, schema in schemas.items():
            store.store(group=f"{group}/schema", name=name, node=schema, provider="varesearch")
