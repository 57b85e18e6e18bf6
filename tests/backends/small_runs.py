"""Runs of small networks on a back end, with one cache of compiled code for all tests of a process."""

import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from small_networks import config

from varesearch.backends import backend_class
from varesearch.backends.base import Backend, Workspace
from varesearch.config.backend import BackendSettings
from varesearch.config.schema import Config, RecordingConfig
from varesearch.network.model import Network
from varesearch.recording import Recording
from varesearch.result import Result
from varesearch.simulation import simulate

_FOLDER = tempfile.TemporaryDirectory(prefix="varesearch-tests-")  # removed at the end of the process
CACHE = Path(_FOLDER.name)


def unseen(_simulated_ms: float) -> None:
    """Progress that nobody looks at."""


def result_of(
    drawn: Network, backend: Backend, folder: Path | None = None, progress: Callable[[float], None] = unseen
) -> Result:
    """The result, sound or not."""
    return simulate(drawn, backend, Workspace(folder=folder, cache=CACHE), lambda: nullcontext(progress))


def sound(drawn: Network, backend: Backend, progress: Callable[[float], None] = unseen) -> Recording:
    """The recording of a run in which nothing was wrong."""
    result = result_of(drawn, backend, progress=progress)
    result.require_sound()
    assert result.recording is not None
    return result.recording


def sound_on(drawn: Network, settings: BackendSettings, recording: RecordingConfig | None = None) -> Recording:
    """The same, on the back end with these settings."""
    return sound(drawn, backend_class(type(settings))(config(drawn, settings, recording)))


def sound_with(drawn: Network, settings: Config) -> Recording:
    """The same, with the whole configuration given."""
    return sound(drawn, backend_class(type(settings.backend))(settings))
