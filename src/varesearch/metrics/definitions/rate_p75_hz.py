"""The 75th percentile of the rate over cells."""

from varesearch.metrics.definitions._percentile import Percentile
from varesearch.metrics.definitions.rate_hz import Rate


class RateP75(Percentile):
    """The 75th percentile of the rate over cells."""

    of = Rate
    percent = 75
    unit = "Hz"
    what = "75th percentile of the rate over cells"
    how = "silent cells included; linear between cells"
    place = 43
