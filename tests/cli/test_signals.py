"""A signal at any time of a command's life, its imports included: one line, 128 + the signal's number, nothing left."""

import os
import signal
from pathlib import Path

import pytest
from struck import strike

LONG = ["connectivity.n=50", "simulation.duration_ms=1000000", "recording.signals=[]"]
RUN = ["varesearch", *LONG]
SWEEP = ["varesearch", "-m", *LONG, "seed=range(3)"]
COMPARISON = ["varesearch", "compare", "brian2", "nest", "cell=izhikevich_delta", *LONG]


@pytest.mark.parametrize(
    ("words", "signum", "after_s"),
    [
        (SWEEP, signal.SIGTERM, 0.0),
        (SWEEP, signal.SIGTERM, 1.0),
        (SWEEP, signal.SIGTERM, 4.0),
        (SWEEP, signal.SIGHUP, 2.0),
        (RUN, signal.SIGINT, 0.2),
        (RUN, signal.SIGTERM, 1.5),
        (COMPARISON, signal.SIGTERM, 0.5),
        (["varesearch", "rerun", "anything"], signal.SIGINT, 0.05),
        (["varesearch", "report", "anything"], signal.SIGTERM, 0.05),
        (["varesearch", "doctor", "brian2"], signal.SIGTERM, 1.0),
        (["varesearch", "studies", "balance", "--small"], signal.SIGHUP, 0.3),
    ],
)
def test_a_signal_while_a_command_starts(
    words: list[str], signum: signal.Signals, after_s: float, tmp_path: Path
) -> None:
    struck = strike(words, signum, after_s, {**os.environ, "VARESEARCH_ROOT": str(tmp_path), "HOME": str(tmp_path)})
    assert struck.code == 128 + signum, struck
    assert struck.err.count("\n") == 1, struck
    assert "Traceback" not in struck.err
    assert struck.left == []
