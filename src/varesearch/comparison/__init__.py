"""Whether two runs agree, judged against what seeds alone do."""

from varesearch.comparison.spread import NaturalSpread, measure_spread
from varesearch.comparison.verdict import Answer, Judged, State, Verdict, judge

__all__ = ["Answer", "Judged", "NaturalSpread", "State", "Verdict", "judge", "measure_spread"]
