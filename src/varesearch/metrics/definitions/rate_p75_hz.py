"""The 75th percentile of the rate over cells."""

from varesearch.metrics.definitions._rate_percentile import RatePercentile


class RateP75(RatePercentile):
    """The 75th percentile of the rate over cells."""

    percent = 75
    what = "75th percentile of the rate over cells"
    place = 43
