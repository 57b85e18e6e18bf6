"""The 75th percentile of the correlation over pairs of cells."""

from varesearch.metrics.definitions._percentile import Percentile
from varesearch.metrics.definitions.correlation import Correlation


class CorrelationP75(Percentile):
    """The 75th percentile of the correlation over pairs of cells."""

    of = Correlation
    percent = 75
    unit = ""
    what = "75th percentile of the correlation over pairs of cells"
    how = "the pairs of correlation; linear between pairs"
    on_request = "percentiles"
    place = 94
