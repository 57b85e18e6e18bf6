"""A terminal that knows ASCII only, or Latin-1: everything is printed, nothing ends in UnicodeEncodeError."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varesearch.config.options import options
from varesearch.encoding import never_fail, plain
from varesearch.pages.help import help_page

TOPICS = [[], *([f"{group}={name}"] for group, names in options().items() for name in names)]


def commanded(words: list[str], root: Path, encoding: str) -> subprocess.CompletedProcess[bytes]:
    """The command in a process whose locale is C, not made UTF-8 by Python's own care."""
    plain_locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": encoding}
    environment = {**os.environ, **plain_locale, "VARESEARCH_ROOT": str(root), "HOME": str(root)}
    return subprocess.run(
        [sys.executable, "-m", "varesearch", *words], cwd=root, env=environment, capture_output=True, check=False
    )


def test_a_page_on_an_ascii_terminal(tmp_path: Path) -> None:
    done = commanded(["--help", "cell=if_cond_exp"], tmp_path, "ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"cell.weight_exc=0.004 uS" in done.stdout


def test_an_error_on_an_ascii_terminal(tmp_path: Path) -> None:
    done = commanded(["cell=if_cond_exp", "cell.weight_exc=µ→", "tracking.run_name=" + "x" * 999], tmp_path, "ascii")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.isascii() and done.stderr.count(b"\n") == 1


def test_a_run_on_an_ascii_terminal(tmp_path: Path) -> None:
    words = ["cell=if_cond_exp", "cell.weight_exc=4", "connectivity.n=20", "simulation.duration_ms=20", "verbose=true"]
    words += ["analysis.warmup_ms=0", "analysis.fano_window_ms=5"]
    done = commanded(words, tmp_path, "ascii")
    assert done.returncode == 0, done.stderr
    assert b"WARNING: cell.weight_exc=4 uS" in done.stderr
    assert b"rate_hz" in done.stdout and b"FINISHED" in done.stdout
    assert done.stdout.isascii() and done.stderr.isascii()
    log = next(tmp_path.glob("mlruns/artifacts/**/run.log")).read_text(encoding="utf-8")
    assert "cell.weight_exc=4 µS" in log


@pytest.mark.parametrize("topics", TOPICS, ids=" ".join)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_every_page_can_be_printed(topics: list[str], encoding: str) -> None:
    printed, page = io.BytesIO(), help_page(topics)
    stream = io.TextIOWrapper(printed, encoding=encoding)
    never_fail(stream)
    stream.write(page)
    stream.flush()
    assert printed.getvalue().count(b"?") == page.count("?")


@given(st.text())
def test_plain_text_is_ascii_and_leaves_ascii_alone(text: str) -> None:
    assert plain(text).isascii()
    assert all(sign in plain(text) for sign in text if sign.isascii())
    assert plain(plain(text)) == plain(text)
