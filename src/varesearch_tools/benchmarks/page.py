"""Write ``docs/benchmarks.md``, its figures and data: ``varesearch bench page [SESSION.json | last]``.

Without a session the page is drawn again from the data in ``docs/data``. With one (``last``: the newest stored) it is
first added to them.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from varesearch.config.errors import ConfigurationError
from varesearch.tracking.location import checkout_root, project_root
from varesearch_tools.benchmarks.plots import write_figures
from varesearch_tools.benchmarks.sections import DATA, SECTIONS
from varesearch_tools.benchmarks.session import SESSIONS, BenchmarkSession, load_session, stored_sessions

PAGE = Path("docs") / "benchmarks.md"
IMAGES = Path("docs") / "images"
"""Below the top of the checkout."""


def page(session: BenchmarkSession) -> str:
    """The whole page, from one session."""
    return "\n".join(section(session) for section in SECTIONS)


def load_data(path: Path) -> list[BenchmarkSession]:
    """The sessions that are kept with the page, the oldest first; [] if there is no such file."""
    if not path.is_file():
        return []
    return [BenchmarkSession.from_json(entry) for entry in json.loads(path.read_text())]


def save_data(sessions: Sequence[BenchmarkSession], path: Path) -> None:
    """Keep them; the JSON of a session is on one line, for a session is added whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(session.to_json(), sort_keys=True) for session in sessions)
    path.write_text(f"[\n{lines}\n]\n")


def write(session: str | None) -> int:
    """Write the page and its figures, from the data of the checkout; the exit code.

    Parameters
    ----------
    session
        The file of a session that is first added to the data, or ``last`` for the newest that is stored; None: none.

    Raises
    ------
    ConfigurationError
        There is no checkout, no such session, or nothing to draw.
    """
    top = checkout_root()
    if top is None:
        raise ConfigurationError("the page belongs to a checkout, and this package was not imported from one")
    sessions = load_data(top / DATA)
    if session is not None:
        path = stored_sessions(project_root() / SESSIONS)[-1] if session == "last" else Path(session)
        added = load_session(path)
        sessions = sorted([*(one for one in sessions if one.when != added.when), added], key=lambda one: one.when)
        save_data(sessions, top / DATA)
        sessions = load_data(top / DATA)
    if not sessions:
        raise ConfigurationError(f"{DATA} is not there; name a stored session, or `last`")
    for path in write_figures(sessions, top / IMAGES):
        sys.stdout.write(f"{path.relative_to(top)}\n")
    (top / PAGE).write_text(page(sessions[-1]), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
    return 0
