"""Fixtures: a software board, and sPyNNaker in a process of its own that uses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from spynnaker_process import SpynnakerProcess

from varesearch.board.process import Board


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    """A booted SpiNN-3."""
    with Board(version=3) as running:
        yield running


def _spynnaker(version: int, folder: Path) -> Iterator[SpynnakerProcess]:
    with Board(version=version) as running:
        process = SpynnakerProcess(running, folder)
        yield process
        process.close()
        log = running.log.read_text()
    assert "Traceback" not in log, log


@pytest.fixture(scope="session")
def spynnaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpynnakerProcess]:
    """sPyNNaker on a SpiNN-3."""
    yield from _spynnaker(3, tmp_path_factory.mktemp("spin3"))


@pytest.fixture(scope="session")
def spynnaker_48(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpynnakerProcess]:
    """sPyNNaker on a SpiNN-5."""
    yield from _spynnaker(5, tmp_path_factory.mktemp("spin5"))
