"""Reports and MLflow's pages in a real browser: nothing overflows, figures are seen, light and dark, no network.

These tests need Chromium (Debian's package ``chromium``).
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, browser

from varesearch.cli import main as varesearch
from varesearch.report import write_report
from varesearch.tracking import RunRecord, runs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SWEEP = ["-m", "backend=brian2,nest", "connectivity.p=0.05,0.1,0.2", "seed=1,2", "connectivity.n=100"]
SMALL = ["simulation.duration_ms=300", "recording.cells=5"]
MEASURED = """
({wide: document.documentElement.scrollWidth, room: document.documentElement.clientWidth,
  pictures: [...document.images].map(i => i.complete && i.naturalWidth > 0 && i.getBoundingClientRect().height > 100),
  ground: getComputedStyle(document.body).backgroundColor, text: getComputedStyle(document.body).color})
"""
WITHIN_S = 60


@pytest.fixture(scope="module")
def root(new_project: Callable[[], Path]) -> Any:
    """A project with a sweep of twelve runs."""
    folder = new_project()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VARESEARCH_ROOT", str(folder))
        command = [sys.executable, "-m", "varesearch", *SWEEP, *SMALL]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        yield folder


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One browser for all tests."""
    with browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


def sweep(root: Path) -> RunRecord:
    return next(run for run in runs(root=root) if run.tags.get("varesearch.kind") == "sweep")


def pages(root: Path, folder: Path) -> dict[str, Path]:
    """The page of the sweep, of one of its runs, and of one that failed with words that have no end."""
    parent = sweep(root)
    child = next(run for run in runs(root=root) if run.tags.get("mlflow.parentRunId") == parent.run_id)
    endless = "x" * 400
    (folder / "traceback.txt").write_text(f"{endless}: {endless}\n" * 30)
    failed = replace(child, name=endless, status="FAILED", folder=folder, tags={"degraded": endless})
    return {
        "sweep": write_report(parent, root=root),
        "run": write_report(child, root=root),
        "failed": write_report(failed, root=root),
    }


def brightness(colour: str) -> float:
    """Of a colour as a browser writes it, rgb(1, 2, 3), from 0 to 255."""
    return sum(float(part) for part in colour.strip("rgba()").split(",")[:3]) / 3


def test_pages_fit_every_window_and_show_their_figures_light_and_dark(root, tab: Browser, tmp_path) -> None:
    for name, page in pages(root, tmp_path).items():
        for width in (360, 800, 1400):
            for dark in (False, True):
                tab.open(page.as_uri(), width, dark)
                for unfolded in (False, True):
                    if unfolded:
                        tab.ask("document.querySelectorAll('details').forEach(d => d.open = true)")
                    seen = tab.ask(MEASURED)
                    where = (name, width, dark, unfolded)
                    assert seen["wide"] <= seen["room"] == width, where
                    assert all(seen["pictures"]) and (len(seen["pictures"]) > 0 or name == "failed"), where
                    assert (brightness(seen["ground"]) < 60) == dark, where
                    assert abs(brightness(seen["ground"]) - brightness(seen["text"])) > 150, where
                assert [url for url in tab.requests if not url.startswith(("file:", "data:"))] == []


def test_the_links_of_a_sweep_lead_to_its_runs(root, tab: Browser) -> None:
    parent = sweep(root)
    tab.open(write_report(parent, root=root).as_uri(), 1400, dark=False)
    missing = "[...document.links].filter(a => !document.getElementById(a.hash.slice(1))).map(a => a.hash)"
    assert tab.ask(missing) == []
    assert tab.ask("document.querySelectorAll('details[id^=child-]').length") == 12


@pytest.fixture(scope="module")
def address(root: Path, tab: Browser) -> Any:
    """MLflow's pages on the store, as make ui serves them, entered by the tab; the page of the list of runs."""
    command = [sys.executable, "-m", "varesearch", "ui"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ})
    try:
        assert server.stdout is not None
        entrance = server.stdout.readline().split()[0]
        page = f"{entrance.partition('?token=')[0]}#{entrance.partition('#')[2]}"
        tab.open(page, 1800, dark=False)
        assert "belong to the user who started them" in tab.ask("document.body.innerText")
        tab.open("about:blank", 1800, dark=False)
        tab.open(entrance, 1800, dark=False)
        # The token is out of the address, what stood behind it is not; and no script can read the cookie.
        assert tab.ask("location.href") == page
        assert tab.ask("document.cookie") == ""
        yield page
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)


def awaited(tab: Browser, expression: str) -> Any:
    """The value of an expression as soon as it is there; MLflow's pages build themselves."""
    deadline = time.monotonic() + WITHIN_S
    while not (value := tab.ask(expression)):
        assert time.monotonic() < deadline, tab.ask("document.body.innerText")
        time.sleep(0.5)
    return value


def test_the_list_of_runs_shows_the_columns_that_matter(address: str, tab: Browser) -> None:
    tab.open("about:blank", 1800, dark=False)
    tab.open(address, 1800, dark=False)
    for column in ("exc.rate_hz", "exc.cv_isi", "backend.name"):
        heads = "[...document.querySelectorAll('[role=columnheader]')].map(h => h.innerText.trim())"
        assert awaited(tab, f"{heads}.includes('{column}')")


def test_the_report_is_shown_among_the_artifacts(address: str, root: Path, tab: Browser) -> None:
    parent = sweep(root)
    assert varesearch(["report", parent.run_id]) == 0
    base = address.split("?", maxsplit=1)[0]
    tab.open("about:blank", 1800, dark=False)
    tab.open(f"{base}/{parent.run_id}/artifacts/report.html?workflowType=machine_learning", 1800, dark=False)
    # The page lies in a frame without an origin, which this one cannot look into; its size says that it is there.
    box = awaited(
        tab, "(f => f && [f.src.slice(0, 5), f.clientWidth, f.clientHeight])(document.querySelector('iframe'))"
    )
    assert box[0] == "blob:" and box[1] > 300 and box[2] > 300
