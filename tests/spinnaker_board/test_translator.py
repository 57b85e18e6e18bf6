"""Translation while a board runs: found, compiled, kept, loaded again, refused; never another result."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from arm_code import add, ldr, program, str_

from private_folder import NotPrivateError
from spinnaker_board.core_types import CoreMachine
from spinnaker_board.machine import create_core
from spinnaker_board.process import Board
from spinnaker_board.shape import SPIN3
from spinnaker_board.translation import translator
from spinnaker_board.translation.cache import Cache
from spinnaker_board.translation.translator import Translator

SDRAM, DTCM = 0x60000000, 0x400000
PATIENCE_S = 60


def _start(machine: CoreMachine, using: Translator | None) -> None:
    """A core that counts in r0 and in the DTCM for ever, and tells the SDRAM."""
    body = [(1, DTCM), (2, SDRAM), add(0, 0, 1), str_(0, 1), ldr(3, 1), str_(3, 2), 0xEAFFFFFA]
    code = program(body)
    itcm, _ = machine.tcm(0, 1)
    itcm[: len(code)] = code
    if using is not None:
        using.starting(0, 1, bytes(itcm))
    machine.start(0, 1, 0, 0)


def _count(machine: CoreMachine) -> int:
    return int.from_bytes(machine.sdram(0)[:4], "little")


def _translate(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[CoreMachine, int]:
    """A machine that ran until its program was translated, and the quanta that it ran."""
    monkeypatch.setattr(translator, "_HOT", 10_000)
    machine = create_core(SPIN3)
    using = Translator(machine, folder)
    _start(machine, using)
    quanta, end_s = 0, time.monotonic() + PATIENCE_S
    while machine.statistics(0, 1)["translated"] < 10_000:
        assert time.monotonic() < end_s, "nothing was translated"
        quanta += machine.run(100)
        using.attend()
    return machine, quanta


def test_a_hot_program_is_translated_and_stays_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cache" / "board"
    machine, quanta = _translate(folder, monkeypatch)
    assert folder.stat().st_mode & 0o777 == 0o700
    plain = create_core(SPIN3)
    _start(plain, None)
    plain.run(quanta)
    assert machine.registers(0, 1) == plain.registers(0, 1)
    assert _count(machine) == _count(plain)
    assert plain.statistics(0, 1)["translated"] == 0

    again = create_core(SPIN3)  # another session
    _start(again, Translator(again, folder))
    again.run(1)
    counts = again.statistics(0, 1)
    assert counts["translated"] > 0.8 * counts["instructions"]

    (made,) = folder.glob("*.so")  # somebody changes the file: it is not loaded, and goes
    changed = made.with_suffix(".changed")
    changed.write_bytes(made.read_bytes()[:-1] + b"x")
    changed.replace(made)  # the old file is still mapped by the machines above
    last = create_core(SPIN3)
    _start(last, Translator(last, folder))
    last.run(1)
    assert last.statistics(0, 1)["translated"] == 0
    assert not made.exists()


def test_files_of_others_are_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine, _ = _translate(tmp_path / "cache", monkeypatch)
    (made,) = (tmp_path / "cache").glob("*.so")
    made.chmod(0o622)
    whole = made.read_bytes()
    assert Cache(tmp_path / "cache").find(made.name.split("-")[0]) == []
    assert not made.exists()
    with pytest.raises(ValueError, match="truncated"):
        (tmp_path / "truncated.so").write_bytes(whole[:100])
        machine.translate(str(tmp_path / "truncated.so"))


def test_a_folder_that_others_can_read_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(NotPrivateError, match="chmod 700"):
        Cache(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(NotPrivateError, match="file"):
        Cache(tmp_path / "file")


def test_a_board_goes_on_without_its_cache(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with Board(version=3, cache=tmp_path) as board:
        assert board.status().booted
        assert f"{tmp_path} must be a folder of yours" in board.log.read_text()


def test_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with Board(version=3, cache=tmp_path / "cache") as board:
        assert board.status().booted
        assert "no C compiler" in board.log.read_text()
