"""The page itself: templates filled in, written beside the run's other files."""

import math
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from varesearch import __version__
from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import mean_and_sd, number
from varesearch.report.comparison_page import comparison_page
from varesearch.report.run_page import run_page
from varesearch.report.sources import comparisons, folder_of, last_output
from varesearch.report.sweep_page import sweep_page
from varesearch.sweeps.jobs import FINISHED
from varesearch.sweeps.table import PARQUET_FILE, read_table
from varesearch.tracking.location import locate_store
from varesearch.tracking.record import RunRecord
from varesearch.whole_files import whole_file

REPORT_FILE = "report.html"


def write_report(
    record: RunRecord, uri: str | None = None, root: Path | None = None, config_dir: Path | None = None
) -> Path:
    """Write ``report.html`` into the folder of a run, a comparison or a sweep; return the file.

    In a store of this machine that folder holds the run's artifacts; for a server the caller sends the file.

    Parameters
    ----------
    record
        The run.
    uri, root
        The store that it is from; None: the project's.
    config_dir
        The folder with the user's own parts, which the run cannot name: their settings then have units, and their
        figures their place.

    Raises
    ------
    ConfigurationError
        The files of the run, or a sweep's table, are not there, or the page cannot be written.
    """
    folder = folder_of(record)
    html = report_html(record, uri, root, config_dir)
    try:
        with whole_file(folder / REPORT_FILE) as temporary:
            temporary.write_text(html, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{REPORT_FILE}: cannot be written ({error.strerror}); make room for it") from error
    return folder / REPORT_FILE


def report_html(
    record: RunRecord, uri: str | None = None, root: Path | None = None, config_dir: Path | None = None
) -> str:
    """Return the page as text. Raises as :func:`write_report`."""
    where = locate_store(uri, root)
    if is_sweep(record):
        table = read_table(folder_of(record))
        ids = {run_id for run_id in table.values("run_id") if run_id}
        states = zip(table.values("run_id"), table.values("status"), strict=True)
        unfinished = [run_id for run_id, status in states if run_id and status != FINISHED]
        shown = None if uri is None else where.shown
        page = sweep_page(record, table, comparisons(where, ids), last_output(where, unfinished), shown, config_dir)
        template = "sweep.html"
    elif record.is_comparison:
        page, template = comparison_page(record, config_dir), "comparison.html"
    else:
        page, template = run_page(record, comparisons(where, {record.run_id}), config_dir), "run.html"
    return _environment().get_template(template).render(page=page, version=__version__)


def is_sweep(record: RunRecord) -> bool:
    """Return whether the run is the parent of a sweep."""
    return record.is_sweep or (folder_of(record) / PARQUET_FILE).is_file()


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("varesearch.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    environment.filters["spread"] = _spread
    environment.filters["time"] = _time
    return environment


def _number(value: float | None) -> str:
    """Format counts as whole numbers, others with four significant digits, and a missing value as a dash."""
    if value is None or math.isnan(value):
        return "–"
    return number(value).replace("-", "\u2212")


def _spread(mean: str, sd: str) -> str:
    """Format a mean and its standard deviation from a stored table, in which "" is an undefined value."""
    return mean_and_sd(*(float(text) if text else math.nan for text in (mean, sd))).replace("-", "\u2212")


def _time(milliseconds: int) -> str:
    """Format milliseconds since 1970 as date and time (UTC)."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
