"""The 5th percentile of the rate over cells."""

from varesearch.metrics.definitions._rate_percentile import RatePercentile


class RateP05(RatePercentile):
    """The 5th percentile of the rate over cells."""

    percent = 5
    what = "5th percentile of the rate over cells"
    place = 40
