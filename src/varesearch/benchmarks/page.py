"""Write ``docs/benchmarks.md``, its figures and data: ``python -m varesearch.benchmarks.page [SESSION.json]``.

Without a session the page is drawn again from the data in ``docs/data``. With one (``last``: the newest stored) it is
first added to them.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from varesearch.benchmarks.compare import SESSIONS
from varesearch.benchmarks.plots import write_figures
from varesearch.benchmarks.sections import DATA, SECTIONS
from varesearch.benchmarks.session import Session, load_session, stored_sessions
from varesearch.config.errors import ConfigurationError
from varesearch.tracking.root import checkout_root, project_root

PAGE = Path("docs") / "benchmarks.md"
IMAGES = Path("docs") / "images"
"""Below the top of the checkout."""
_USAGE = "usage: python -m varesearch.benchmarks.page [SESSION.json | last]"


def page(session: Session) -> str:
    """The whole page, from one session."""
    return "\n".join(section(session) for section in SECTIONS)


def load_data(path: Path) -> list[Session]:
    """The sessions that are kept with the page, the oldest first; [] if there is no such file."""
    if not path.is_file():
        return []
    return [Session.from_json(entry) for entry in json.loads(path.read_text())]


def save_data(sessions: Sequence[Session], path: Path) -> None:
    """Keep them; the JSON of a session is on one line, for a session is added whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(session.to_json(), sort_keys=True) for session in sessions)
    path.write_text(f"[\n{lines}\n]\n")


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    top = checkout_root()
    if "-h" in words or "--help" in words:
        sys.stdout.write(f"{_USAGE}\n\n{(__doc__ or '').strip()}\n")
        return 0
    try:
        if top is None:
            raise ConfigurationError("the page belongs to a checkout, and this package was not imported from one")
        if len(words) > 1:
            raise ConfigurationError(_USAGE)
        sessions = load_data(top / DATA)
        if words:
            path = stored_sessions(project_root() / SESSIONS)[-1] if words == ["last"] else Path(words[0])
            session = load_session(path)
            sessions = sorted(
                [*(one for one in sessions if one.when != session.when), session], key=lambda one: one.when
            )
            save_data(sessions, top / DATA)
            sessions = load_data(top / DATA)
        if not sessions:
            raise ConfigurationError(f"{DATA} is not there; name a stored session, or `last`")
    except ConfigurationError as error:
        sys.stderr.write(f"varesearch.benchmarks.page: {error}\n")
        return 2
    for path in write_figures(sessions, top / IMAGES):
        sys.stdout.write(f"{path.relative_to(top)}\n")
    (top / PAGE).write_text(page(sessions[-1]), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
