"""The pages of the studies, as they stand: every number from the results, every sentence borne out by them."""

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varesearch.cli import main
from varesearch.config.errors import ConfigurationError
from varesearch.tracking import RunRecord
from varesearch_tools.studies.page import FIGURES_FOLDER, PAGE_FILE, broken, page_of, read_results, render, write_page
from varesearch_tools.studies.records import chosen
from varesearch_tools.studies.spread import MeanAndSd, spread, text

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
STUDIES = sorted(folder.parent.name for folder in EXPERIMENTS.glob("*/page.md"))
LARGEST_FIGURE = 120_000


def analysis_of(study: str) -> ModuleType:
    """The study's ``analyse.py``; all of them have that name."""
    name = f"analyse_{study}"
    spec = importlib.util.spec_from_file_location(name, EXPERIMENTS / study / "analyse.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_study_is_listed_by_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert STUDIES
    assert main(["studies"]) == 0
    listed = capsys.readouterr().out
    assert [study for study in STUDIES if not re.search(rf"\b{study}\b", listed)] == []


@pytest.mark.parametrize("study", STUDIES)
def test_a_page_is_what_its_template_and_results_give(study: str) -> None:
    folder = EXPERIMENTS / study
    page = (folder / PAGE_FILE).read_text()
    assert page_of(folder, read_results(folder)) == page
    shown = [line.partition("](")[2].rstrip(")") for line in page.splitlines() if line.startswith("![")]
    assert shown
    assert sorted(shown) == sorted(f"{FIGURES_FOLDER}/{file.name}" for file in (folder / FIGURES_FOLDER).iterdir())
    for figure in shown:
        assert (folder / figure).stat().st_size < LARGEST_FIGURE


@pytest.mark.parametrize("study", STUDIES)
def test_the_results_bear_the_prose_out(study: str) -> None:
    claims = analysis_of(study).claims(read_results(EXPERIMENTS / study))
    assert claims
    assert broken(claims) == []


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6), st.just(float("nan"))), max_size=8))
def test_a_spread_is_over_what_is_there(values: list[float | None]) -> None:
    known = [value for value in values if value is not None and value == value]
    found = spread(values)
    if not known:
        assert found is None
        return
    assert found is not None
    assert found.n == len(known)
    assert min(known) - 1e-6 <= found.mean <= max(known) + 1e-6
    assert found.sd >= 0
    assert spread([*values, None]) == found


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [
        (MeanAndSd(34.0312, 0.123, 5), None, "34.03 ± 0.12"),
        (MeanAndSd(34.0312, 12.3, 5), None, "34 ± 12"),
        (MeanAndSd(12345.6, 0.0, 5), None, "12,346 ± 0"),
        (MeanAndSd(0.5, 0.0, 1), None, "0.500"),
        (MeanAndSd(-1.25, 0.031, 3), 1, "\u22121.2 ± 0.0"),
        ({"mean": 1.0, "sd": 0.5, "n": 2}, 2, "1.00 ± 0.50"),
        (-0.0001, 2, "0.00"),
        (1234.5, 0, "1,234"),
        (None, None, "–"),
    ],
)
def test_a_number_is_written_with_its_spread(value: MeanAndSd | float | None, digits: int | None, written: str) -> None:
    assert text(value, digits) == written


def test_a_place_of_which_the_results_know_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"page.md: .*rate"):
        render("{{ rate | pm }}", {"other": 1})
    (tmp_path / "page.md").write_text("{{ rate | pm }}\n")
    written = write_page(tmp_path, {"rate": {"mean": 2.0, "sd": 0.1, "n": 3}}, tmp_path / "there")
    assert written.read_text() == "2.00 ± 0.10\n"
    assert json.loads((tmp_path / "there" / "results.json").read_text())["rate"]["n"] == 3
    with pytest.raises(ValueError, match="JSON compliant"):
        write_page(tmp_path, {"rate": float("nan")}, tmp_path / "there")


def record(run_id: str, number: int) -> RunRecord:
    return RunRecord(run_id, run_id, "e", "0", "FINISHED", 0, 1, {"seed": str(number)}, {}, {}, None)


def test_the_newest_run_of_each_kind_is_chosen_and_none_may_be_missing() -> None:
    def seed(run: RunRecord) -> int:
        return int(run.params["seed"])

    records = [record("new", 1), record("old", 1), record("other", 2)]
    assert {key: run.run_id for key, run in chosen(records, seed, [2, 1]).items()} == {2: "other", 1: "new"}
    with pytest.raises(ConfigurationError, match="1 of 3 runs of the study are missing, the first is 3"):
        chosen(records, seed, [1, 2, 3])
