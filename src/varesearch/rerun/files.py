"""The files that a recorded run read: a rerun reads them again, so they must hold the same."""

from varesearch.config.errors import ConfigurationError
from varesearch.config.files import input_files
from varesearch.config.schema import Config
from varesearch.tracking import RunRecord


def check_input_files(original: RunRecord, config: Config) -> None:
    """Raise ConfigurationError, one line, if a file that a run read is missing or has changed since.

    Called before anything in the files is read as settings or synapses: a record may come from somebody else, and must
    not make this program show what other files hold.
    """
    recorded = {file.setting: file for file in original.input_files}
    what = f"run {original.run_id[:8]} ({original.name})"
    try:
        found = input_files(config)
    except ConfigurationError as error:
        known = "; ".join(f"{file.path} with SHA-256 {file.sha256[:12]}" for file in recorded.values())
        raise ConfigurationError(f"{error}; {what} read {known or 'no file that it recorded'}") from None
    for file in found:
        before = recorded.get(file.setting)
        if before is None:
            raise ConfigurationError(f"{what} has no SHA-256 of {file.setting}={file.path}; start another run instead")
        if before.sha256 != file.sha256:
            raise ConfigurationError(
                f"{file.setting}={file.path} has changed since {what}: its SHA-256 was {before.sha256[:12]}, now it is "
                f"{file.sha256[:12]}; put the old file back, or start another run"
            )
