"""A project folder whose store is made already: making one takes a second."""

import shutil
from pathlib import Path

import pytest
from planted import Sweeps

from varesearch.tracking.location import locate_store
from varesearch.tracking.store import ensure_sqlite


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an ``mlruns`` that holds no run."""
    root = tmp_path_factory.mktemp("empty")
    ensure_sqlite(locate_store(root=root))
    return root


@pytest.fixture
def sweeps(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sweeps:
    """Commands in a project of their own."""
    shutil.copytree(empty_store / "mlruns", tmp_path / "mlruns")
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path))
    monkeypatch.setenv("MPLCONFIGDIR", str(empty_store / "matplotlib"))
    return Sweeps(tmp_path, monkeypatch)
