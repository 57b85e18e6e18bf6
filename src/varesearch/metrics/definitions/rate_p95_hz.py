"""The 95th percentile of the rate over cells."""

from varesearch.metrics.definitions._rate_percentile import RatePercentile


class RateP95(RatePercentile):
    """The 95th percentile of the rate over cells."""

    percent = 95
    what = "95th percentile of the rate over cells"
    place = 44
