"""The irregularity of spike trains."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData, statistics


class CvIsi(MetricDefinition):
    """The irregularity of spike trains."""

    unit = ""
    what = "coefficient of variation of the inter-spike intervals, mean over cells"
    how = (
        "standard deviation / mean of a cell's intervals, over cells with analysis.min_isis of them; 0 "
        "regular, 1 Poisson"
    )
    source = "Softky & Koch 1993, J. Neurosci. 13:334"
    place = 60

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return statistics.cv_isi(data.trains, data.analysis.min_isis).mean()
