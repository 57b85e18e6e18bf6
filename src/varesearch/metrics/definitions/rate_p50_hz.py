"""The 50th percentile of the rate over cells."""

from varesearch.metrics.definitions._percentile import Percentile
from varesearch.metrics.definitions.rate_hz import Rate


class RateP50(Percentile):
    """The 50th percentile of the rate over cells."""

    of = Rate
    percent = 50
    unit = "Hz"
    what = "50th percentile of the rate over cells"
    how = "silent cells included; linear between cells"
    place = 42
