"""Whether two runs agree, judged against what seeds alone do."""

from varesearch.callable_package import make_callable
from varesearch.compare.spread import Spread, measure_spread
from varesearch.compare.verdict import Answer, Judged, State, Verdict, judge

__all__ = ["Answer", "Judged", "Spread", "State", "Verdict", "judge", "measure_spread"]

make_callable(__name__)
