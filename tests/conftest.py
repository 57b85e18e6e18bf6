"""What holds for every test."""

import gc
import os
import shutil
import signal
from collections.abc import Callable, Iterator
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


def pytest_xdist_auto_num_workers() -> int:
    """One process more than processors, since tests wait for disks, sockets and other processes."""
    return (os.cpu_count() or 1) + 1


IMPORTED = 20_000
"""Objects that outlive two collections: so many are modules, not what a test made."""


@pytest.fixture(autouse=True)
def modules_are_not_searched_for_garbage() -> None:
    """Brian2 collects garbage twice a run, which with all modules loaded took 0.21 s of a small run's 0.25 s."""
    if len(gc.get_objects(generation=2)) > IMPORTED:
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an ``mlruns`` that holds no run."""
    from varesearch.tracking.location import locate_store
    from varesearch.tracking.store import ensure_sqlite

    folder = tmp_path_factory.mktemp("empty")
    ensure_sqlite(locate_store(root=folder))
    return folder


@pytest.fixture(scope="session")
def new_project(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes a project folder with an empty store: it is copied, since MLflow takes half a second to make one."""

    def made() -> Path:
        folder = tmp_path_factory.mktemp("project")
        shutil.copytree(empty_store / "mlruns", folder / "mlruns")
        return folder

    return made


@pytest.fixture(scope="module")
def root(new_project: Callable[[], Path]) -> Iterator[Path]:
    """A project of the module's own, which holds the runs of all its tests."""
    folder = new_project()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VARESEARCH_ROOT", str(folder))
        yield folder
