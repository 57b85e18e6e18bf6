"""The wiring rules, each in one module, and what the file of a rule needs to import.

Nothing lists the rules: :func:`varesearch.config.parts.parts` finds them.
"""

from varesearch.config import ranges
from varesearch.config.checks import (
    MOST_DELAY_STEPS,
    check_at_least,
    check_positive,
    check_probability,
    refuse,
)
from varesearch.config.files import file_setting
from varesearch.config.projection import PART, Given, Pairs, ProjectionSettings, Rows, Synapses, index_type, pair_ratio
from varesearch.config.ranges import Range
from varesearch.config.rule import Rule, per_projection
from varesearch.config.settings import drawn, quantity
from varesearch.config.values import ValueSetting
from varesearch.model.pairs import (
    bernoulli_indices,
    gathered,
    in_order,
    independent_pairs,
    independent_pairs_by_target,
    independent_rows,
    pairs_of,
    rows_of,
)

__all__ = [
    "MOST_DELAY_STEPS",
    "PART",
    "Given",
    "Pairs",
    "ProjectionSettings",
    "Range",
    "Rows",
    "Rule",
    "Synapses",
    "ValueSetting",
    "bernoulli_indices",
    "check_at_least",
    "check_positive",
    "check_probability",
    "drawn",
    "file_setting",
    "gathered",
    "in_order",
    "independent_pairs",
    "independent_pairs_by_target",
    "independent_rows",
    "index_type",
    "pair_ratio",
    "pairs_of",
    "per_projection",
    "quantity",
    "ranges",
    "refuse",
    "rows_of",
]
