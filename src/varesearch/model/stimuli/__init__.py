"""The stimuli, each in one module, and what the file of a stimulus needs to import.

Nothing lists the stimuli: :func:`varesearch.config.parts.parts` finds them.
"""

from varesearch.config import ranges
from varesearch.config.checks import (
    check_at_least,
    check_multiple,
    check_names,
    check_number,
    check_positive,
    check_probability,
    refuse,
    whole_steps,
)
from varesearch.config.projection import Pairs, ProjectionSettings
from varesearch.config.settings import CURRENT_UNIT, drawn, quantity
from varesearch.config.stimulus import (
    CurrentInput,
    CurrentStimulus,
    Source,
    SpikeArrays,
    SpikingStimulus,
    Stimulus,
    Surroundings,
)
from varesearch.config.values import ValueSetting
from varesearch.model.pairs import bernoulli_indices, independent_pairs, independent_pairs_by_target, one_to_one

__all__ = [
    "CURRENT_UNIT",
    "CurrentInput",
    "CurrentStimulus",
    "Pairs",
    "ProjectionSettings",
    "Source",
    "SpikeArrays",
    "SpikingStimulus",
    "Stimulus",
    "Surroundings",
    "ValueSetting",
    "bernoulli_indices",
    "check_at_least",
    "check_multiple",
    "check_names",
    "check_number",
    "check_positive",
    "check_probability",
    "drawn",
    "independent_pairs",
    "independent_pairs_by_target",
    "one_to_one",
    "quantity",
    "ranges",
    "refuse",
    "whole_steps",
]
