"""The 25th percentile of the rate over cells."""

from varesearch.metrics.definitions._rate_percentile import RatePercentile


class RateP25(RatePercentile):
    """The 25th percentile of the rate over cells."""

    percent = 25
    what = "25th percentile of the rate over cells"
    place = 41
