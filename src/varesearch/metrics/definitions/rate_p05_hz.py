"""The 5th percentile of the rate over cells."""

from varesearch.metrics.definitions._percentile import Percentile
from varesearch.metrics.definitions.rate_hz import Rate


class RateP05(Percentile):
    """The 5th percentile of the rate over cells."""

    of = Rate
    percent = 5
    unit = "Hz"
    what = "5th percentile of the rate over cells"
    how = "silent cells included; linear between cells"
    place = 40
