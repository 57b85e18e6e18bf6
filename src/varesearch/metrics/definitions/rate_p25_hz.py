"""The 25th percentile of the rate over cells."""

from varesearch.metrics.definitions._percentile import Percentile
from varesearch.metrics.definitions.rate_hz import Rate


class RateP25(Percentile):
    """The 25th percentile of the rate over cells."""

    of = Rate
    percent = 25
    unit = "Hz"
    what = "25th percentile of the rate over cells"
    how = "silent cells included; linear between cells"
    place = 41
