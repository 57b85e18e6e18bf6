"""The default network, whose CV no verdict can judge: the terminal, the store, the files and the page all say so."""

import csv
import json

import pytest

from varesearch.cli import main as varesearch
from varesearch.report import report_html
from varesearch.tracking import runs


@pytest.mark.slow
def test_the_verdict_on_the_default_network_says_that_it_cannot_judge_the_cv(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path))
    for seed in (1, 2):
        assert varesearch([f"seed={seed}", f"tracking.run_name=seed{seed}"]) == 0
    assert varesearch(["compare", "seed1", "seed2"]) == 0
    out = capfd.readouterr().out
    assert "cannot decide: KS distance of cv_isi of exc, KS distance of cv_isi of inh: its limit is not below 1" in out
    assert "2 of 8 metrics cannot decide" in out
    run = next(run for run in runs(root=tmp_path) if run.tags.get("varesearch.kind") == "comparison")
    assert run.tags["varesearch.cannot_decide"] == "KS distance of cv_isi of exc, KS distance of cv_isi of inh"
    assert "cannot decide" in run.tags["varesearch.decided_by"]
    assert run.folder is not None
    assert len(json.loads((run.folder / "verdict.json").read_text())["cannot_decide"]) == 2
    with (run.folder / "judged.csv").open(newline="") as file:
        states = {(row["metric"], row["population"]): row["state"] for row in csv.DictReader(file)}
    assert (
        states["KS distance of cv_isi", "exc"] == "cannot decide"
        and states["KS distance of rate_hz", "exc"] == "within"
    )
    page = report_html(run, root=tmp_path)
    assert page.count("Cannot decide: KS distance of cv_isi") == 2 and ">cannot decide<" in page
