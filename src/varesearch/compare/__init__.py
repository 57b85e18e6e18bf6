"""Whether two runs agree, judged against what seeds alone do."""

from varesearch.compare.spread import Spread, measure_spread
from varesearch.compare.verdict import Answer, Judged, Verdict, judge

__all__ = ["Answer", "Judged", "Spread", "Verdict", "judge", "measure_spread"]
