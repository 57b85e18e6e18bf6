"""The 5th percentile of the CV of the inter-spike intervals over cells."""

from varesearch.metrics.definitions._percentile import Percentile
from varesearch.metrics.definitions.cv_isi import CvIsi


class CvIsiP05(Percentile):
    """The 5th percentile of the CV of the inter-spike intervals over cells."""

    of = CvIsi
    percent = 5
    unit = ""
    what = "5th percentile of the CV of the inter-spike intervals over cells"
    how = "cells with analysis.min_isis intervals; linear between cells"
    on_request = "percentiles"
    place = 61
