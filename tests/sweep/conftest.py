"""A project folder whose store is made already."""

import shutil
from pathlib import Path

import pytest
from planted import Sweeps


@pytest.fixture
def sweeps(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sweeps:
    """Commands in a project of their own."""
    shutil.copytree(empty_store / "mlruns", tmp_path / "mlruns")
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path))
    monkeypatch.setenv("MPLCONFIGDIR", str(empty_store / "matplotlib"))
    return Sweeps(tmp_path, monkeypatch)
