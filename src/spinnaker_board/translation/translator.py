"""The board's side of translation: watches which code is hot, has it translated, and loads the result."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

import numpy as np

from spinnaker_board.core_types import CoreMachine
from spinnaker_board.layout import ITCM_BYTES
from spinnaker_board.translation.cache import Cache
from spinnaker_board.translation.worker import Request, find_compiler

_log = logging.getLogger(__name__)

_WORDS = ITCM_BYTES // 4
_FIRST_PERIOD_S, _LAST_PERIOD_S = 0.05, 1.6  # between two looks at the cores; it doubles each time
_CORES_AT_A_TIME = 32
_HOT = 1_000_000  # heat from which compiling is worth a second: about ten million instructions
_MAX_PROGRAMS = 64  # beyond, programs that no longer run are forgotten
_MAX_FILES = 256  # to load; they stay loaded as long as the machine exists
_MAX_TEXT = 100_000  # bytes of a compiler's messages
_ROUNDS = 4  # translations of one program; code that becomes hot later is translated in another round


@dataclass
class _Program:
    """What all cores that run a program did, one value for each word of the ITCM."""

    entered: np.ndarray = field(default_factory=lambda: np.zeros(_WORDS, bool))
    heat: np.ndarray = field(default_factory=lambda: np.zeros(_WORDS, np.int64))
    rounds: int = 0


class Translator:
    """Gives translated code to the cores of a machine. Raises NotPrivateError as `Cache` does."""

    def __init__(self, core: CoreMachine, folder: str | Path) -> None:
        self._core = core
        self._cache = Cache(folder)
        self._programs: dict[str, _Program] = {}
        self._running: dict[tuple[int, int], str] = {}
        self._waiting: list[tuple[int, int]] = []  # cores that are still to be looked at
        self._loaded: set[Path] = set()
        self._worker: tuple[str, subprocess.Popen[bytes], IO[bytes]] | None = None
        self._period_s = _FIRST_PERIOD_S
        self._next_s = 0.0
        self._can_compile = find_compiler() is not None
        if not self._can_compile:
            _log.info("no C compiler (cc, gcc or clang) was found: all code is interpreted, with the same results")

    def starting(self, chip: int, core: int, image: bytes) -> None:
        """Call this before a core starts, with the content of its ITCM."""
        key = self._cache.key(image)
        self._running[chip, core] = key
        if len(self._programs) > _MAX_PROGRAMS:
            running = set(self._running.values())
            self._programs = {name: program for name, program in self._programs.items() if name in running}
        if key not in self._programs:
            self._programs[key] = _Program(rounds=self._load(key))
            self._period_s = _FIRST_PERIOD_S

    def attend(self) -> None:
        """Call this often, between quanta."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        self._core.restore()
        if self._worker is None:
            self._look()
        elif self._worker[1].poll() is not None:
            key, process, errors = self._worker
            self._worker = None
            with errors:
                errors.seek(0)
                text = errors.read(_MAX_TEXT).decode(errors="replace")
            if process.returncode:
                self._can_compile = False
                _log.warning(
                    "the C compiler failed: all code is interpreted, with the same results: %s", _one_line(text)
                )
            elif text.strip():
                _log.warning("the C compiler wrote: %s", _one_line(text))
            self._load(key)
        self._next_s = now_s + self._period_s

    def _load(self, key: str) -> int:
        """Load the cached code for a program; return the number of files."""
        files = self._cache.find(key)
        for path in files:
            if path in self._loaded or len(self._loaded) >= _MAX_FILES:
                continue
            self._loaded.add(path)
            try:
                self._core.translate(str(path))
                _log.info("translated code %s is loaded", path.name)
            except ValueError as error:
                _log.warning("translated code %s is not used: %s", path.name, error)
        return len(files)

    def _look(self) -> None:
        if not self._can_compile:
            return
        if not self._waiting:
            self._waiting = [place for place, key in self._running.items() if self._programs[key].rounds < _ROUNDS]
            self._period_s = min(2 * self._period_s, _LAST_PERIOD_S)
        for _ in range(min(_CORES_AT_A_TIME, len(self._waiting))):
            place = self._waiting.pop()
            key = self._running[place]
            program = self._programs[key]
            entered, translated, heat = (
                np.frombuffer(data, kind)
                for data, kind in zip(self._core.profile(*place), (bool, bool, np.uint32), strict=True)
            )
            program.entered |= entered
            program.heat += np.where(translated, 0, heat)
            if program.heat.sum() >= _HOT:
                self._ask(key, program, bytes(self._core.tcm(*place)[0]), translated)
                return

    def _ask(self, key: str, program: _Program, image: bytes, translated: np.ndarray) -> None:
        hot = program.heat.nonzero()[0]
        request = Request(
            folder=str(self._cache.folder),
            key=key,
            image=base64.b64encode(image).decode(),
            entered=(4 * program.entered.nonzero()[0]).tolist(),
            heat=[(4 * int(n), int(program.heat[n])) for n in hot],
            excluded=(4 * translated.nonzero()[0]).tolist(),
        )
        self._programs[key] = _Program(rounds=program.rounds + 1)
        errors = tempfile.TemporaryFile()  # noqa: SIM115 (read when the process has ended)
        with tempfile.TemporaryFile() as file:
            file.write(json.dumps(asdict(request)).encode())
            file.seek(0)
            process = subprocess.Popen(
                [sys.executable, "-m", "spinnaker_board.translation.worker"],
                stdin=file,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,  # its result is for the next run, too, so it may outlive the board
            )
        self._worker = key, process, errors


def _one_line(text: str) -> str:
    """The first three lines with an error, or the first three lines, as one line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = [line for line in lines if "error" in line.lower()]
    return " | ".join((named or lines or ["it wrote nothing"])[:3])
