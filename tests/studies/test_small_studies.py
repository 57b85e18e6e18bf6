"""Every study in its small form, from an empty store: it runs, reads the tracker, draws, and writes its page."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from varesearch.tracking import runs
from varesearch_tools.studies.page import FIGURES_FOLDER, PAGE_FILE, RESULTS_FILE
from varesearch_tools.studies.records import finished_runs

STUDIES = {"model_change": 8, "simulators_agree": 2, "balance": 4, "shared_stream": 4, "speed": 0}
"""Study -> how many runs of a network its small form makes."""
AGAIN = "balance"

pytestmark = pytest.mark.timeout(600)  # the first test waits for all of them

SCRIPT = Path(__file__).parent / "small_studies.py"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studies")


@pytest.fixture(scope="module")
def done(root: Path) -> dict[str, Any]:
    """What came of each, and of one that was started a second time."""
    started = [*STUDIES, AGAIN]
    command = [sys.executable, str(SCRIPT), str(root), *started]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=560, check=False)
    assert ran.returncode == 0, ran.stderr
    names = [*STUDIES, f"{AGAIN} again"]
    return dict(zip(names, json.loads(ran.stdout.splitlines()[-1]), strict=True))


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_runs_from_an_empty_store_by_one_command(study: str, root: Path, done: dict[str, Any]) -> None:
    told = done[study]
    assert told["exit"] == 0, told["err"] + told["out"]
    folder = root / "pages" / study
    page, results = (folder / PAGE_FILE).read_text(), json.loads((folder / RESULTS_FILE).read_text())
    assert f"varesearch studies {study}" in page
    assert results
    assert "{{" not in page and "{%" not in page
    for figure in (folder / FIGURES_FOLDER).glob("*.png"):
        with Image.open(figure) as image:
            assert len(set(image.convert("L").tobytes())) > 10  # something is drawn
    if STUDIES[study]:
        records = finished_runs(f"{study}_small", root=root)
        assert len(records) == STUDIES[study]
        assert {run.status for run in runs(f"{study}_small", root=root)} == {"FINISHED"}


def test_a_study_that_is_started_again_runs_nothing_and_writes_the_same_page(root: Path, done: dict[str, Any]) -> None:
    again = done[f"{AGAIN} again"]
    assert again["exit"] == 0, again["err"]
    assert len(finished_runs(f"{AGAIN}_small", root=root)) == STUDIES[AGAIN]
    assert (root / "again" / AGAIN / PAGE_FILE).read_bytes() == (root / "pages" / AGAIN / PAGE_FILE).read_bytes()
