"""``varesearch report``: the page of a run or a sweep, written and attached to the run."""

import os
from pathlib import Path

from varesearch.config.errors import ConfigurationError
from varesearch.report.page import write_report
from varesearch.tracking.location import locate_store
from varesearch.tracking.read import load_run
from varesearch.tracking.store import connect, one_line


def main(run: str, uri: str | None, out: Path | None, config_dir: Path | None = None) -> int:
    """Write the page of a run and return the exit code. Raises ConfigurationError for bad input."""
    record = load_run(run, uri)
    page = write_report(record, uri, config_dir=config_dir)
    where = locate_store(uri)
    if where.is_http:
        with one_line(where):
            connect(where).log_artifact(record.run_id, str(page))
    if out is not None:
        page = _copy(page, out)
    print(os.path.relpath(page) if page.is_relative_to(Path.cwd()) else page)
    return 0


def _copy(page: Path, out: Path) -> Path:
    try:
        out.write_bytes(page.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"--out {out}: cannot be written ({error.strerror}); choose another file") from error
    return out.resolve()
