"""The synapses, each in one module, and what the file of a synapse needs to import.

Nothing lists the synapses: :func:`varesearch.config.parts.parts` finds them.
"""

from varesearch.config import ranges
from varesearch.config.checks import check_choice, refuse
from varesearch.config.projection import ProjectionSettings
from varesearch.config.ranges import Range
from varesearch.config.settings import WEIGHT_UNIT, quantity
from varesearch.config.synapse_type import SynapseType
from varesearch.config.values import Constant
from varesearch.model.learning import EventCode, NestSynapse, PynnMechanism

__all__ = [
    "WEIGHT_UNIT",
    "Constant",
    "EventCode",
    "NestSynapse",
    "ProjectionSettings",
    "PynnMechanism",
    "Range",
    "SynapseType",
    "check_choice",
    "quantity",
    "ranges",
    "refuse",
]
