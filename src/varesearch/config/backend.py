"""What the configuration knows of a back end: its settings.

A back end is one package of :mod:`varesearch.backends`, or a file or package of the user's own, found by
:func:`varesearch.config.parts.parts`. The simulator itself is not needed to read, check or list its settings;
:func:`varesearch.backends.backend_class` finds the class that runs networks.
"""

from dataclasses import dataclass
from typing import ClassVar

from omegaconf import MISSING

from varesearch.config.parts import Part
from varesearch.config.settings import Settings, definition_fault


@dataclass
class BackendSettings(Settings, Part):
    """The settings of a back end: a dataclass that derives from this one and adds its own with their units."""

    group: ClassVar[str] = "backend"
    package: ClassVar[str] = "varesearch.backends"
    key: ClassVar[str] = "name"
    folders: ClassVar[bool] = True
    where: ClassVar[str] = "backend"

    name: str = MISSING

    addresses: ClassVar[tuple[str, ...]] = ()
    """Settings that name another machine or a user there. They are not taken from a recorded run unless asked for."""

    @classmethod
    def definition_fault(cls) -> str:
        return definition_fault(cls)
