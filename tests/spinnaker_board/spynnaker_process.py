"""sPyNNaker in a process of its own that uses a software board."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spinnaker_board.process import Board

HERE = Path(__file__).parent


class SpynnakerProcess:
    """sPyNNaker with a configuration folder of its own, pointed at a board.

    :param folder: for configuration, home and reports
    """

    def __init__(self, board: Board, folder: Path, time_scale_factor: int = 1) -> None:
        self.board = board
        (folder / ".spynnaker.cfg").write_text(
            f"[Machine]\nmachine_name = {board.address}\nversion = {board.version}\n"
            f"time_scale_factor = {time_scale_factor}\n"
            "post_simulation_overrun_before_error = 600\n"
            f"[Reports]\ndefault_report_file_path = {folder}\nmax_reports_kept = 1000\n"
        )
        self._errors = (folder / "spynnaker.log").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "spynnaker_worker.py")],
            env={**os.environ, "XDG_CONFIG_HOME": str(folder), "HOME": str(folder / "home")},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def run(self, script: str, **arguments: Any) -> Any:
        """Runs a function of ``scripts.py``."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"script": script, "arguments": arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            pytest.fail(f"sPyNNaker's process has ended:\n{self._errors.read()[-3000:]}")
        answer = json.loads(line)
        if "error" in answer:
            pytest.fail(answer["error"])
        return answer["result"]

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()
        self._errors.close()
