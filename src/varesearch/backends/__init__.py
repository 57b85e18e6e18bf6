"""The simulators: each is a package here, or a file or package of the user's own, and nothing lists them.

The package itself, or the user's file, holds the settings: a dataclass derived from
:class:`~varesearch.config.backend.BackendSettings`, which needs no simulator. The class that runs networks derives from
:class:`~varesearch.backends.base.Backend` and stands in the same file, or in the package's module ``backend``.
"""

import inspect
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.config.backend import BackendSettings
from varesearch.config.errors import ConfigurationError
from varesearch.config.parts import part_name, parts

if TYPE_CHECKING:
    from varesearch.backends.base import Backend


def backends(config_dir: Path | None = None) -> "dict[str, type[Backend]]":
    """Return all back ends, without importing a simulator.

    Parameters
    ----------
    config_dir
        The user's folder of parts, whose back ends are included.

    Returns
    -------
    dict
        Name -> back end, sorted by name.

    Raises
    ------
    ConfigurationError
        A back end is not defined correctly.

    Examples
    --------
    >>> list(backends())
    ['brian2', 'nest', 'spinnaker']
    """
    return {name: backend_class(settings) for name, settings in parts(BackendSettings, config_dir).items()}


def backend_class(settings: type[BackendSettings]) -> "type[Backend]":
    """Return the back end to which a class of settings belongs.

    Raises ConfigurationError if there is no back end beside the settings, or if it lacks a method.

    Examples
    --------
    >>> from varesearch.backends.nest import NestSettings
    >>> backend_class(NestSettings).draws
    ('host',)
    """
    from varesearch.backends.base import Backend

    module = import_module(settings.__module__)
    if hasattr(module, "__path__"):
        module = import_module(f"{settings.__module__}.backend")
    defined = [
        value
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, Backend) and value.__module__ == module.__name__
        and not name.startswith("_")
    ]  # fmt: skip
    where = f"backend={part_name(settings)} ({module.__file__})"
    if len(defined) != 1:
        raise ConfigurationError(f"{where}: {len(defined)} classes derive from Backend; define one")
    if missing := sorted(defined[0].__abstractmethods__):
        raise ConfigurationError(f"{where}: {defined[0].__name__} has no {missing[0]}(): define it (see docs/how-to)")
    return defined[0]
