"""The 50th percentile of the CV of the inter-spike intervals over cells."""

from varesearch.metrics.definitions._percentile import Percentile
from varesearch.metrics.definitions.cv_isi import CvIsi


class CvIsiP50(Percentile):
    """The 50th percentile of the CV of the inter-spike intervals over cells."""

    of = CvIsi
    percent = 50
    unit = ""
    what = "50th percentile of the CV of the inter-spike intervals over cells"
    how = "cells with analysis.min_isis intervals; linear between cells"
    on_request = "percentiles"
    place = 63
