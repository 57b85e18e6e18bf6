"""What holds for every test."""

import gc
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# No test asserts a time, on however busy a machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell starts what is in its background with SIGINT ignored, nohup with SIGHUP ignored, and programs that are started
# go on ignoring them: tests that send signals to a command would then depend on how pytest was started.
for signum, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(signum) is signal.SIG_IGN:
        signal.signal(signum, handler)

IMPORTED = 20_000
"""Objects that outlive two collections: so many are modules, not what a test made."""


@pytest.fixture(autouse=True)
def modules_are_not_searched_for_garbage() -> None:
    """Brian2 collects garbage twice a run, which with all modules loaded took 0.21 s of a small run's 0.25 s."""
    if len(gc.get_objects(generation=2)) > IMPORTED:
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project of the module's own, which holds the runs of all its tests."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VARESEARCH_ROOT", str(folder))
        yield folder
