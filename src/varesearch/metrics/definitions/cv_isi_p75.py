"""The 75th percentile of the CV of the inter-spike intervals over cells."""

from varesearch.metrics.definitions._percentile import Percentile
from varesearch.metrics.definitions.cv_isi import CvIsi


class CvIsiP75(Percentile):
    """The 75th percentile of the CV of the inter-spike intervals over cells."""

    of = CvIsi
    percent = 75
    unit = ""
    what = "75th percentile of the CV of the inter-spike intervals over cells"
    how = "cells with analysis.min_isis intervals; linear between cells"
    on_request = "percentiles"
    place = 64
