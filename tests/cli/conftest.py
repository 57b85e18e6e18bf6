"""A place to run the command line in: an empty working folder, and an empty project root beside it."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from outcomes import Command, Outcome

from varesearch.cli import main


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in this process; the files are all below the working folder, the root and the home."""
    place = tmp_path / "place"
    for name in ("work", "root", "home"):
        (place / name).mkdir(parents=True)
    monkeypatch.chdir(place / "work")
    monkeypatch.setenv("VARESEARCH_ROOT", str(place / "root"))
    monkeypatch.setenv("HOME", str(place / "home"))
    monkeypatch.setenv("COLUMNS", "120")

    def run(words: Sequence[str]) -> Outcome:
        code = main(words)
        printed = capsys.readouterr()
        files = [path for path in place.rglob("*") if path.name not in ("work", "root", "home")]
        return Outcome(code, printed.out, printed.err, files)

    return run
