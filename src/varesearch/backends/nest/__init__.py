"""NEST through pyNN.nest, with whole arrays where PyNN goes cell by cell."""

from dataclasses import dataclass

from varesearch.config.backend import BackendSettings
from varesearch.config.settings import quantity


@dataclass
class NestSettings(BackendSettings):
    """NEST through PyNN."""

    threads: int = quantity(1, "threads", "threads of the simulation")
