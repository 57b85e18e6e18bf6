"""One self-contained HTML page of a run or a sweep: figures, tables, configuration, provenance, verdicts."""

from varesearch.report.page import REPORT_FILE, report_html, write_report

__all__ = ["REPORT_FILE", "report_html", "write_report"]
