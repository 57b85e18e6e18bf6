"""What is said while a log is captured, and what the terminal sees of it."""

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from varesearch.tracking import LogCapture, log


def test_everything_goes_to_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.log"
    with LogCapture(path) as capture:
        print("from print")
        print("from stderr", file=sys.stderr)
        logging.getLogger("some.library").info("from logging")
        os.write(1, b"from descriptor 1\n")
        os.write(2, b"from descriptor 2\n")
        subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
        print("for the user", file=capture.terminal)
        print("for the user's eyes", file=capture.errors)
    print("after")
    said = path.read_text()
    sources = ("print", "stderr", "logging", "descriptor 1", "descriptor 2", "a child")
    assert [source for source in sources if f"from {source}" not in said] == []
    assert "INFO    some.library: from logging" in said
    seen = capfd.readouterr()
    assert seen.out == "for the user\nafter\n"
    assert seen.err == "for the user's eyes\n"


def test_warnings_go_to_the_log(tmp_path: Path) -> None:
    # In a process of its own: pytest keeps warnings for itself.
    program = (
        "import sys, warnings; from pathlib import Path; from varesearch.tracking.log import LogCapture\n"
        "with LogCapture(Path(sys.argv[1])): warnings.warn('from warnings')"
    )
    path = tmp_path / "run.log"
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
    assert "UserWarning: from warnings" in path.read_text()


def test_log_follows_the_run_into_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "run.log"
    with LogCapture() as capture:
        assert capture.path is None
        print("before")
        capture.move_to(path)
        assert capture.path == path
        assert path.read_text() == "before\n"
        os.system("echo after")
    assert path.read_text() == "before\nafter\n"


def test_verbose_shows_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with LogCapture(verbose=True) as capture:
        print("first")
        capture.move_to(tmp_path / "run.log")
        os.write(1, b"x" * 200_000 + b"\n")
        print("last")
    assert capfd.readouterr().err == "first\n" + "x" * 200_000 + "\nlast\n"


def test_everything_is_put_back(tmp_path: Path) -> None:
    root = logging.getLogger()

    def state() -> tuple[object, ...]:
        return (sys.stdout, sys.stderr, root.level, list(root.handlers), os.fstat(1).st_ino, os.fstat(2).st_ino)

    def descriptors() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    before, descriptors_before = state(), descriptors()
    for number in range(20):
        with pytest.raises(RuntimeError), LogCapture(tmp_path / f"{number}.log"):
            raise RuntimeError
    assert state() == before
    # The two streams on the terminal stay open as long as somebody holds the capture.
    assert descriptors() <= descriptors_before + 2


def test_closed_terminal_does_not_disturb(tmp_path: Path) -> None:
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom varesearch.tracking.log import LogCapture\n"
        f"with LogCapture(Path({str(tmp_path / 'run.log')!r})) as capture:\n"
        "    for _ in range(1000): print('x' * 200, file=capture.terminal)\n"
        "    print('came to its end')\n"
    )
    command = f'{sys.executable} -c "$SCRIPT" | head -n 1; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(
        ["bash", "-c", command], env={**os.environ, "SCRIPT": script}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "run.log").read_text() == "came to its end\n"


def test_crash_in_c_leaves_its_stack(tmp_path: Path) -> None:
    script = (
        "import ctypes\nfrom pathlib import Path\nfrom varesearch.tracking.log import LogCapture\n"
        f"with LogCapture(Path({str(tmp_path / 'run.log')!r})): ctypes.string_at(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode < 0
    assert "Segmentation fault" in (tmp_path / "run.log").read_text()


def test_a_log_that_grows_without_end_keeps_its_beginning_and_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "LARGEST_BYTES", 100_000)
    path = tmp_path / "run.log"
    with LogCapture(path):
        print("the beginning")
        subprocess.run(["sh", "-c", "yes 'a child that never stops' | head -c 5000000"], check=True)
        for _ in range(100):
            if path.stat().st_size <= 100_000:
                break
            time.sleep(0.1)
        print("the end")
    lines = path.read_text().splitlines()
    assert path.stat().st_size <= 100_000
    assert lines[0] == "the beginning" and lines[-1] == "the end"
    (cut,) = (line for line in lines if "left out" in line)
    assert cut.startswith("... 4,95") and "more than 100,000 bytes" in cut


def test_a_log_on_a_full_disk_does_not_disturb_what_prints(capfd: pytest.CaptureFixture[str]) -> None:
    with LogCapture(Path("/dev/full")) as capture:
        print("to nowhere")
        logging.getLogger("some.library").warning("to nowhere")
        print("and on", file=capture.terminal)
    assert capfd.readouterr().out == "and on\n"
