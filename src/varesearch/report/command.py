"""``python -m varesearch.report RUN_OR_SWEEP``: its page, written and attached to the run."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from varesearch.config.errors import ConfigurationError
from varesearch.report.page import write_report
from varesearch.tracking.reading import load_run
from varesearch.tracking.store import connect, one_line, place

_DESCRIPTION = """\
Write one HTML page of a run, a comparison or a sweep: figures, tables, configuration, provenance, verdicts. It needs
nothing but a browser, and is attached to the run as report.html."""


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns the exit code: 0, or 2 for bad input."""
    parser = argparse.ArgumentParser(prog="python -m varesearch.report", description=_DESCRIPTION)
    parser.add_argument("run", metavar="RUN_OR_SWEEP", help="its id, the first characters of it, or its name")
    parser.add_argument("--uri", default=None, help="another store than the project's, as in tracking.uri")
    parser.add_argument("--out", default=None, type=Path, metavar="FILE", help="write a copy there too")
    words = parser.parse_args(argv)
    try:
        record = load_run(words.run, words.uri)
        page = write_report(record, words.uri)
        where = place(words.uri)
        if where.uri.startswith(("http:", "https:")):
            with one_line(where):
                connect(where).log_artifact(record.run_id, str(page))
        if words.out is not None:
            page = _copy(page, words.out)
    except ConfigurationError as error:
        print(f"varesearch.report: {error}", file=sys.stderr)
        return 2
    print(os.path.relpath(page) if page.is_relative_to(Path.cwd()) else page)
    return 0


def _copy(page: Path, out: Path) -> Path:
    try:
        out.write_bytes(page.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"--out {out}: cannot be written ({error.strerror}); choose another file") from error
    return out.resolve()
