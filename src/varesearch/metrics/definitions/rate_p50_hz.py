"""The 50th percentile of the rate over cells."""

from varesearch.metrics.definitions._rate_percentile import RatePercentile


class RateP50(RatePercentile):
    """The 50th percentile of the rate over cells."""

    percent = 50
    what = "50th percentile of the rate over cells"
    place = 42
