"""Commands that serve until they are ended: started, seen to answer, ended by Ctrl-C."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from doc_rules import module, plain

START_S = 120.0


@contextlib.contextmanager
def serve(commands: list[str], root: Path) -> Iterator[None]:
    """All of ``commands``, from their answer to the end of the block. AssertionError for one that does not answer."""
    with contextlib.ExitStack() as stack:
        for text in commands:
            stack.enter_context(_one(text, root))
        yield


@contextlib.contextmanager
def _one(text: str, root: Path) -> Iterator[None]:
    name, words = module(plain(text))
    own = {"VARESEARCH_ROOT": str(root), "PYTHONUNBUFFERED": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with tempfile.NamedTemporaryFile() as said:
        server = subprocess.Popen(
            # A suite that was started in the background ignores Ctrl-C, and would hand that down.
            ["env", "--default-signal=INT", sys.executable, "-m", name, *words],
            cwd=root,
            env={**os.environ, **own},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            _wait_for_answer(text, server, Path(said.name))
            yield
        finally:
            # To the group: a server may have workers. Ctrl-C in a terminal reaches them all as well.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGINT)
            code = server.wait(60)
        if name.startswith(("varesearch", "spinnaker_board")):
            assert code in (0, 130), f"`{text}` ended with {code} after Ctrl-C\n{Path(said.name).read_text()}"


def _wait_for_answer(text: str, server: subprocess.Popen[bytes], said: Path) -> None:
    port = re.search(r"--port (\d+)", text)
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        assert server.poll() is None, f"`{text}` ended with {server.returncode}\n{said.read_text()}"
        if port is None and re.search(r"127\.0\.0\.\d+", said.read_text()):
            return
        if port is not None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(port[1])), 1):
                return
        time.sleep(0.2)
    raise AssertionError(f"`{text}` did not answer in {START_S:g} s\n{said.read_text()}")
