"""The 95th percentile of the rate over cells."""

from varesearch.metrics.definitions._percentile import Percentile
from varesearch.metrics.definitions.rate_hz import Rate


class RateP95(Percentile):
    """The 95th percentile of the rate over cells."""

    of = Rate
    percent = 95
    unit = "Hz"
    what = "95th percentile of the rate over cells"
    how = "silent cells included; linear between cells"
    place = 44
