"""The tables and the diagram of the network that a run simulated, for its page."""

import base64
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from varesearch.config.errors import ConfigurationError
from varesearch.config.restore import restore
from varesearch.describe import Description, describe
from varesearch.tracking.files import CONFIG_FILE
from varesearch.tracking.record import RunRecord


@dataclass(frozen=True)
class Methods:
    """The description of a run's configuration, its diagram as a data URI, or why there is none."""

    description: Description | None = None
    diagram: str = ""
    missing: str = ""


def methods_of(record: RunRecord, config_dir: Path | None = None) -> Methods:
    """Describe the stored configuration of a run; empty for a run without one."""
    if record.folder is None or not (record.folder / CONFIG_FILE).is_file():
        return Methods()
    try:
        config = restore(record.config(), config_dir=config_dir)
        description = describe(config, config_dir)
    except ConfigurationError as error:
        # Parts of the user's own whose folder is not named, a run of another version, or a file that is gone.
        return Methods(missing=str(error))
    from varesearch.describe.diagram import network_figure

    picture = BytesIO()
    network_figure(config.structure).savefig(picture, format="png")
    return Methods(description, f"data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()}")
