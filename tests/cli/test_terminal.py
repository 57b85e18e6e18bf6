"""What a person sees on a terminal: the program's own lines and bar, and nothing that a simulator prints."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

SHORT = ["connectivity.n=20", "simulation.duration_ms=40", "analysis.warmup_ms=0", "analysis.fano_window_ms=5"]
BACK_ENDS = {
    "mapping": (["backend=spinnaker", "backend.machine=mapping"], "Partitioning Graph"),
    "software": (["backend=spinnaker", "backend.machine=software"], "Running simulation"),
    "nest": (["backend=nest", "cell=if_curr_exp"], ""),
    "brian2": (["backend=brian2"], ""),
}
"""Name -> settings, and a line of the simulator's own that is in the log."""
CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
DRIVER = "import sys; from varesearch import cli; sys.exit(cli.main(sys.argv[1:]))"


def on_a_terminal(words: list[str], root: Path) -> tuple[int, str]:
    """Exit code of the program run on a pseudo-terminal, and all that was written there."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "VARESEARCH_ROOT": str(root), "TERM": "xterm-256color", "COLUMNS": "100"}
    program = subprocess.Popen(
        [sys.executable, "-c", DRIVER, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:  # the last descriptor on the other side was closed
            break
        if not part:
            break
        written += part
    os.close(ours)
    return program.wait(), written.decode()


def lines(text: str) -> set[str]:
    """The lines of a text without control sequences, stripped; a carriage return begins a new one."""
    return {line.strip() for line in re.split(r"[\r\n]+", CONTROL.sub("", text)) if line.strip()}


@pytest.mark.parametrize(
    "name", ["mapping", "nest", *(pytest.param(name, marks=pytest.mark.slow) for name in ("software", "brian2"))]
)
def test_a_terminal_shows_the_programs_own_lines_and_nothing_of_a_simulator(name: str, tmp_path: Path) -> None:
    words, of_simulator = BACK_ENDS[name]
    code, text = on_a_terminal([*words, *SHORT], tmp_path)
    assert code == 0, text
    shown = lines(text)
    (log,) = tmp_path.rglob("run.log")
    logged = lines(log.read_text())
    assert of_simulator in "\n".join(logged)
    assert not shown & logged
    bars = {line for line in shown if line.startswith("simulating ")}
    assert bars
    assert not [line for line in shown if re.search(r"={5}|\|0%|Traceback|[Nn]est |NEST|PyNN|Copyright", line)]
    assert any(" FINISHED: " in line for line in shown)
