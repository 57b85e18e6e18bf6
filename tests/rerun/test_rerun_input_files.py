"""A run of a list of synapses keeps the file's hash; a rerun of a changed or missing file is refused in one line."""

import hashlib
from pathlib import Path

import pytest

from varesearch.cli import main as varesearch
from varesearch.config.compose import compose
from varesearch.config.files import input_files
from varesearch.identity import identity
from varesearch.tracking import load_run, runs

LIST = "source,target,weight,delay_ms\n0,1,3,2\n1,0,2,4\n3,2,1,2\n"


@pytest.fixture(scope="module")
def lists(root: Path) -> Path:
    """The file of a run that is in the store."""
    path = root / "list.csv"
    path.write_text(LIST)
    words = ["connectivity=from_file", f"connectivity.file={path}", "connectivity.n=20", "simulation.duration_ms=150"]
    assert varesearch([*words, "tracking.run_name=lists"]) == 0
    return path


def test_the_record_says_which_file_and_what_it_held(lists: Path) -> None:
    (file,) = load_run("lists").input_files
    assert (file.setting, file.path) == ("connectivity.file", str(lists))
    assert file.sha256 == hashlib.sha256(LIST.encode()).hexdigest()


def test_a_file_of_one_projection_is_among_those_of_the_run(lists: Path) -> None:
    block = f"projections.local={{pre: [exc, inh], post: [inh], rule: from_file, file: {lists}}}"
    (file,) = input_files(compose([block, "connectivity.n=20"]).config)
    assert (file.setting, file.path) == ("projections.local.file", str(lists))
    assert file.sha256 == hashlib.sha256(LIST.encode()).hexdigest()


def test_an_unchanged_file_gives_the_same_run(lists: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert varesearch(["rerun", "lists"]) == 0
    assert "IDENTICAL" in capfd.readouterr().out


def test_a_changed_or_missing_file_is_one_line_and_nothing_is_run(
    lists: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = len(runs())
    try:
        lists.write_text("this is no list but a secret\n")
        assert varesearch(["rerun", "lists"]) == 2
        changed = capfd.readouterr().err
        lists.unlink()
        assert varesearch(["rerun", "lists"]) == 2
        missing = capfd.readouterr().err
    finally:
        lists.write_text(LIST)
    start = hashlib.sha256(LIST.encode()).hexdigest()[:12]
    assert f"{lists} has changed since run " in changed and f"was {start}, now " in changed and "secret" not in changed
    assert f"{lists} is not there" in missing and f"with SHA-256 {start}" in missing
    assert changed.count("\n") == missing.count("\n") == 1
    assert len(runs()) == before


def test_another_list_in_the_file_is_another_run(lists: Path) -> None:
    """So that a sweep that is resumed does not take the run of the old list for the new one."""
    composed = compose(["connectivity=from_file", f"connectivity.file={lists}", "connectivity.n=20"])
    first = identity(composed)
    try:
        lists.write_text(LIST + "4,4,1,2\n")
        assert identity(composed) != first
    finally:
        lists.write_text(LIST)
    assert identity(composed) == first
