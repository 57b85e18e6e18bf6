"""The cells, each in one module, and what the file of a cell needs to import.

Nothing lists the cells: :func:`varesearch.config.parts.parts` finds them.
"""

from varesearch.config import ranges
from varesearch.config.cell import Cell, Synapse
from varesearch.config.checks import check_at_least, check_few_steps, check_multiple, check_positive, refuse
from varesearch.config.settings import drawn, quantity, uniform
from varesearch.config.values import ValueSetting
from varesearch.model.simulators import FREE, HOLD, Equations, Name, NativeModel, Pynn, Step, Steps

__all__ = [
    "FREE",
    "HOLD",
    "Cell",
    "Equations",
    "Name",
    "NativeModel",
    "Pynn",
    "Step",
    "Steps",
    "Synapse",
    "ValueSetting",
    "check_at_least",
    "check_few_steps",
    "check_multiple",
    "check_positive",
    "drawn",
    "quantity",
    "ranges",
    "refuse",
    "uniform",
]
