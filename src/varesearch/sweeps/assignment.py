"""An assignment as a file in the folder of its run: everything that a child needs to know."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from varesearch.config.compose import Composed
from varesearch.config.errors import ConfigurationError
from varesearch.config.restore import restore
from varesearch.tracking.provenance import Description
from varesearch.whole_files import whole_file

ASSIGNMENT_FILE = ".assignment.json"


@dataclass(frozen=True)
class AssignmentFile:
    """The run of a child: its description, and the command and code from which it comes (``origin``).

    ``root`` is the folder that holds ``mlruns/``; on another machine it need not exist.
    """

    run_id: str
    about: Description
    origin: Mapping[str, Any]
    root: str

    def write(self, folder: Path) -> None:
        """Write the file, whole or not at all."""
        with whole_file(folder / ASSIGNMENT_FILE) as temporary:
            temporary.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The assignment in ``folder``. Raises ConfigurationError if there is none."""
        try:
            content = json.loads((folder / ASSIGNMENT_FILE).read_text())
            about = content.pop("about")
            about["overrides"] = tuple(about["overrides"])
            return cls(about=Description(**about), **content)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ConfigurationError(f"{folder}: holds no assignment of a sweep ({error})") from None

    @staticmethod
    def remove(folder: Path) -> None:
        """Remove the file of a run that has ended."""
        with contextlib.suppress(OSError):
            (folder / ASSIGNMENT_FILE).unlink()

    def composed(self, config_dir: Path | None = None) -> Composed:
        """The configuration as typed settings; ``config_dir`` is the folder of the user's own parts."""
        config = restore(self.about.resolved, own=True, config_dir=config_dir)
        return Composed(config, dict(self.about.resolved), self.about.overrides, dict(self.about.choices), config_dir)
