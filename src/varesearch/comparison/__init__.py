"""Whether two runs agree, judged against what seeds alone do."""

from varesearch.comparison.spread import Spread, measure_spread
from varesearch.comparison.verdict import Answer, Judged, State, Verdict, judge

__all__ = ["Answer", "Judged", "Spread", "State", "Verdict", "judge", "measure_spread"]
