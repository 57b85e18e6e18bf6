"""A synapse whose weight never changes."""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.synapses import SynapseType


@dataclass
class StaticSynapse(SynapseType):
    """The weight never changes."""

    changes: ClassVar[bool] = False
    learns: ClassVar[bool] = False
