"""The dataclasses of the configuration as Hydra's options, so that every key is typed.

``GROUP=NAME`` chooses a dataclass by its name; a YAML file is only needed for an option that sets other values.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore

from varesearch.config.cell import Cell
from varesearch.config.launching import LAUNCHERS, SWEEPERS
from varesearch.config.parts import parts
from varesearch.config.rule import Rule
from varesearch.config.schema import BACKENDS, Config
from varesearch.config.stimulus import Stimulus


@cache
def schemas(config_dir: Path | None = None) -> Mapping[str, Mapping[str, type]]:
    """The dataclasses of the groups that have several, with the parts that the user's folder holds.

    Returns
    -------
    Mapping
        Group -> name of the option -> dataclass.

    Raises
    ------
    ConfigurationError
        A part cannot be used; see :func:`varesearch.config.parts.parts`.
    """
    return {
        "cell": parts(Cell, config_dir),
        "connectivity": parts(Rule, config_dir),
        "stimulus": parts(Stimulus, config_dir),
        "backend": {backend.name: backend for backend in BACKENDS},
        "launcher": {launcher.name: launcher for launcher in LAUNCHERS},
        "sweeper": {sweeper.name: sweeper for sweeper in SWEEPERS},
    }


@contextmanager
def stored(config_dir: Path | None) -> Iterator[None]:
    """Inside ``with``, Hydra's ConfigStore holds the whole configuration and every dataclass of :func:`schemas`.

    The store belongs to the process. It is left as it was found, so that the parts of one folder cannot be chosen where
    another folder, or none, was named.
    """
    store = ConfigStore.instance()
    before = store.repo
    store.repo = _content(config_dir)
    try:
        yield
    finally:
        store.repo = before


@cache
def _content(config_dir: Path | None) -> dict[str, Any]:
    store = ConfigStore.instance()
    before = store.repo
    store.repo = {}
    try:
        store.store(name="run_schema", node=Config, provider="varesearch")
        for group, options in schemas(config_dir).items():
            for name, schema in options.items():
                store.store(group=group, name=name, node=schema, provider="varesearch")
        return store.repo
    finally:
        store.repo = before
