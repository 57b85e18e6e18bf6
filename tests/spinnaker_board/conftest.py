"""Fixtures: a software board, and sPyNNaker in a process of its own that uses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from monitors import booted, free_buffers, stop
from spynnaker_process import SpynnakerProcess

from spinnaker_board.monitor import Monitor
from spinnaker_board.process import Board
from spinnaker_board.tags import TAGS


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


@pytest.fixture(scope="module")
def shared() -> Monitor:
    """A booted SpiNN-3 in this process."""
    return booted()


@pytest.fixture
def monitor(shared: Monitor) -> Iterator[Monitor]:
    """A machine on which nothing runs, before and after."""
    yield shared
    stop(shared, 0, 0)
    shared.attend()
    shared.outgoing.clear()
    for tag in range(TAGS):
        shared.tags.clear(tag)
    assert shared.machine.core.active == 0
    for chip in shared.machine.chips:
        assert sorted(free_buffers(chip)) == list(chip.buffers)
    assert shared.mailboxes.waiting == 0
