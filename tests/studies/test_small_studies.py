"""Every study in its small form, from an empty store: it runs, reads the tracker, draws, and writes its page."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from varesearch.studies.page import FIGURES_FOLDER, PAGE_FILE, RESULTS_FILE
from varesearch.studies.records import finished_runs
from varesearch.tracking import runs

STUDIES = {"model_change": 12, "simulators_agree": 2, "balance": 4, "shared_stream": 4, "speed": 0}
"""Study -> how many runs of a network its small form makes."""

SCRIPT = Path(__file__).parent / "small_studies.py"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studies")


def conduct(root: Path, *studies: str) -> dict[str, Any]:
    command = [sys.executable, str(SCRIPT), str(root), *studies]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def done(root: Path) -> Iterator[dict[str, Any]]:
    yield conduct(root, *STUDIES)


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_runs_from_an_empty_store_by_one_command(study: str, root: Path, done: dict[str, Any]) -> None:
    told = done[study]
    assert told["exit"] == 0, told["err"] + told["out"]
    folder = root / "pages" / study
    page, results = (folder / PAGE_FILE).read_text(), json.loads((folder / RESULTS_FILE).read_text())
    assert f"python experiments/{study}/study.py" in page
    assert results
    assert "{{" not in page and "{%" not in page
    for figure in (folder / FIGURES_FOLDER).glob("*.png"):
        with Image.open(figure) as image:
            assert len(set(image.convert("L").tobytes())) > 10  # something is drawn
    if STUDIES[study]:
        records = finished_runs(f"{study}_small", root=root)
        assert len(records) == STUDIES[study]
        assert {run.status for run in runs(f"{study}_small", root=root)} == {"FINISHED"}


def test_a_study_that_is_started_again_runs_nothing_twice(root: Path, done: dict[str, Any]) -> None:
    assert done["balance"]["exit"] == 0
    before = {run.run_id for run in finished_runs("balance_small", root=root)}
    page = (root / "pages" / "balance" / PAGE_FILE).read_bytes()
    again = conduct(root, "balance")["balance"]
    assert again["exit"] == 0, again["err"]
    assert {run.run_id for run in finished_runs("balance_small", root=root)} == before
    assert (root / "pages" / "balance" / PAGE_FILE).read_bytes() == page
