"""Reports of real runs, of a comparison and of a sweep: what stands in the page, and that it needs nothing else."""

import base64
import csv
import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from outcomes_of import outcomes
from PIL import Image

from varesearch.cli import main as varesearch
from varesearch.config.errors import ConfigurationError
from varesearch.report import report_html, write_report
from varesearch.sweeps.figures import write_sweep_figures
from varesearch.sweeps.table import results_table, write_table
from varesearch.tracking import RunRecord, load_run, runs

SMALL = ["connectivity.n=100", "connectivity.p=0.1", "recording.cells=5", "simulation.duration_ms=300"]
OWN_FIGURE = '''"""A figure of the user's own."""

from matplotlib.figure import Figure

from varesearch.plots.definitions import AnalysisConfig, FigureDefinition, Recording, style


class SpikeCounts(FigureDefinition):
    """The spikes of each cell."""

    what = "spike counts of the cells"
    place = -1

    @classmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> Figure:
        return style.page("Spike counts", title, style.colours_of(recording.populations), 2.0)
'''
_VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """A page taken apart. Fails where tags do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        if tag not in _VOID:
            self.open.append(tag)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if "href" in values:
            self.links.append(str(values["href"]))
        if tag == "img":
            self.pictures.append(values)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title"):
            self.words += data.split()

    @property
    def text(self) -> str:
        """What is read."""
        return " ".join(self.words)


def is_sound(page: Page) -> bool:
    """Nothing is asked of a network, every anchor is there, every picture is one."""
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert len(set(page.ids)) == len(page.ids)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    for picture in page.pictures:
        source = str(picture["src"])
        assert source.startswith("data:image/png;base64,") and picture["alt"]
        Image.open(BytesIO(base64.b64decode(source.partition(",")[2]))).verify()
    return True


@pytest.fixture(scope="module")
def root(new_project: Callable[[], Path]) -> Any:
    """A project with a run, a repetition of it with a figure of the user's own, and the comparison of the two."""
    folder = new_project()
    (folder / "own").mkdir()
    (folder / "own" / "spike_counts.py").write_text(OWN_FIGURE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VARESEARCH_ROOT", str(folder))
        for name, options in (("first", []), ("again", ["--config-dir", str(folder / "own")])):
            assert varesearch([*options, *SMALL, f"tracking.run_name={name}"]) == 0
        assert varesearch(["compare", "first", "again"]) == 0
        yield folder


def sweep_of(root: Path, folder: Path, populations: Sequence[str] = ("exc", "inh"), **changes: Any) -> RunRecord:
    """A sweep's parent over three values, one of them failed, as its process would leave it in ``folder``."""
    made = outcomes({"connectivity.p": [0.05, 0.1, 0.2]}, failed=[1], populations=populations)
    first = load_run("first", root=root)
    # One of its children is a run that is in the store.
    made[0] = replace(made[0], run_id=first.run_id, taken_over=True)
    made[2] = replace(made[2], degraded="late spikes 7")
    table = results_table(made)
    write_table(table, folder)
    write_sweep_figures(table, folder / "figures", "three values")
    (folder / "run.log").write_text("the sweep's own words\n")
    record = replace(first, run_id="f" * 32, name="sweep p(3)", tags={"varesearch.kind": "sweep"}, folder=folder)
    return replace(record, **changes)


def test_no_table_of_a_sweep_of_eight_populations_is_wider_than_they_are(root, tmp_path) -> None:
    """A table for each metric, in which the populations are the columns; the numbers of a run likewise, with units."""
    layers = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
    html = write_report(sweep_of(root, tmp_path, layers), root=root).read_text(encoding="utf-8")
    page = Page(html)
    assert is_sound(page)
    heads = [re.findall(r"<th[^>]*>([^<]*)</th>", row) for row in re.findall(r"<tr>.*?</tr>", html, re.DOTALL)]
    assert max(map(len, heads)) == 3 + len(layers)  # run, connectivity.p, ..., status
    assert ["run", "connectivity.p", *layers] in heads and ["metric", "unit", *layers] in heads
    assert "rate (Hz) run connectivity.p L23E" in page.text and "rate_hz Hz 2 7 12 17" in page.text


def test_sources_have_a_table_of_their_own(root, tmp_path) -> None:
    """In that of the populations their columns would be empty but for two rows, and push the others off the page."""
    record = load_run("first", root=root)
    assert record.folder is not None
    shutil.copytree(record.folder, tmp_path / "copy")
    with (tmp_path / "copy" / "metrics.csv").open("a", encoding="utf-8") as file:
        file.write("source.relay,spike_count,123.0,spikes,,\r\nexc,v_mean_mv,-61.5,mV,,20 of 80 cells\r\n")
    page = Page(write_report(replace(record, folder=tmp_path / "copy"), root=root).read_text(encoding="utf-8"))
    assert "metric unit exc inh spike_count" in page.text
    assert re.search(r"over the whole run metric unit (thalamus )?relay spike_count spikes", page.text)
    assert "computed from 20 of 80 cells (exc)" in page.text


def test_the_page_of_a_run_holds_its_numbers_figures_settings_and_origin(root, capsys) -> None:
    assert varesearch(["report", "first"]) == 0
    record = load_run("first", root=root)
    assert record.folder is not None
    written = Path(capsys.readouterr().out.strip())
    assert written.name == "report.html" and written.resolve() == (record.folder / "report.html").resolve()
    page = Page(written.read_text(encoding="utf-8"))
    assert is_sound(page)
    # Its figures, and the diagram of the network.
    assert len(page.pictures) == len(list((record.folder / "figures").glob("*.png"))) + 1 > 1
    assert "exc_to_inh exc inh excitatory 1 2 0.1" in page.text and "A: Model summary" in page.text
    assert "0.04 v² + 5 v + 140 - u + i_offset" in page.text and "Izhikevich 2003, IEEE Trans." in page.text
    with (record.folder / "metrics.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["value"]]
    assert f"spike_count spikes {float(rows[0]['value']):,.0f}" in page.text
    assert {row["metric"] for row in rows} <= set(page.words)
    assert "connectivity.p 0.1" in page.text and "simulation.duration_ms 300 ms" in page.text
    # What was given stands before what was not, with its unit.
    assert page.text.index("connectivity.n 100 cells") < page.text.index("connectivity.exc_inh_ratio")
    versions = json.loads((record.folder / "provenance.json").read_text())["versions"]
    assert f"brian2 {versions['brian2']}" in page.text and f"{len(versions)} packages" in page.text


def test_a_network_whose_files_are_gone_has_a_page_that_says_so(root, tmp_path) -> None:
    first = load_run("first", root=root)
    resolved = first.config()
    resolved["stimulus"] = {"kind": "spike_file", "file": "measured_elsewhere.csv", "weight": 1.0, "delay_ms": 2.0}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(resolved))
    page = Page(report_html(replace(first, folder=tmp_path), root=root))
    assert "The network cannot be described here: stimulus.file=measured_elsewhere.csv" in page.text
    assert page.pictures == [] and is_sound(page)


def test_a_figure_of_the_users_own_has_its_place_on_the_page_if_the_command_names_its_folder(root, tmp_path) -> None:
    file = tmp_path / "page.html"
    assert varesearch(["report", "again", "--config-dir", str(root / "own"), "--out", str(file)]) == 0
    with_folder = Page(file.read_text(encoding="utf-8"))
    assert varesearch(["report", "again", "--out", str(file)]) == 0
    without = Page(file.read_text(encoding="utf-8"))
    figures = [[name for name in page.ids if name.startswith("figure-")] for page in (with_folder, without)]
    assert is_sound(with_folder) and is_sound(without)
    # The class says that it comes first; a page that does not know the class shows the figure last.
    assert figures[0] == ["figure-spike_counts", *figures[1][:-1]] and figures[1][-1] == "figure-spike_counts"


def test_the_page_names_the_verdicts_on_its_run_and_the_comparison_has_its_own(root) -> None:
    record = load_run("first", root=root)
    page = Page(report_html(record, root=root))
    assert "identical every spike train is the same" in page.text
    comparison = next(run for run in runs(root=root) if run.tags.get("varesearch.kind") == "comparison")
    page = Page(report_html(comparison, root=root))
    assert is_sound(page) and "verdict" in page.ids
    assert all(comparison.tags[f"varesearch.{side}"][:8] in page.text for side in "ab")
    assert "Verdict identical : every spike train is the same" in page.text


def test_a_failed_run_shows_why_and_a_degraded_one_says_so_first(root, tmp_path) -> None:
    first = load_run("first", root=root)
    (tmp_path / "run.log").write_text("".join(f"line {k}\n" for k in range(100)))
    (tmp_path / "traceback.txt").write_text("ValueError: <script>no such luck</script> & more\n")
    tags = {"varesearch.ended": "ValueError: no such luck", "degraded": "late spikes 12", "timing": "estimated here"}
    page = Page(report_html(replace(first, status="FAILED", tags=tags, folder=tmp_path), root=root))
    assert is_sound(page)
    assert "FAILED: ValueError: no such luck" in page.text and "DEGRADED: late spikes 12" in page.text
    assert "ValueError: <script>no such luck</script> & more" in page.text
    assert "line 99" in page.text and "line 59" not in page.text
    assert page.text.index("DEGRADED") < page.text.index("Traceback")
    assert "The machine's times are estimated here." in page.text


def test_the_page_of_a_sweep_counts_links_and_explains(root, tmp_path) -> None:
    record = sweep_of(root, tmp_path)
    written = write_report(record, root=root)
    assert written == tmp_path / "report.html"
    page = Page(written.read_text(encoding="utf-8"))
    assert is_sound(page)
    assert "1 of 3 runs have no results: 1 FAILED" in page.text
    assert "1 of 3 runs are DEGRADED" in page.text and "DEGRADED: late spikes 7" in page.text
    assert "killed by SIGSEGV" in page.text and "failures" in page.ids
    assert "connectivity.p 0.05, 0.1, 0.2" in page.text
    assert {f"child-{number}" for number in (1, 2, 3)} <= set(page.ids)
    assert page.links.count("#child-2") == 2  # from the failures and from the results
    assert [picture["alt"] for picture in page.pictures] == ["statistics of sweep p(3)", "times of sweep p(3)"]
    assert "(taken over)" in page.text and "the sweep's own words" in page.text
    # A verdict on one of the children is one of the sweep.
    assert "identical every spike train is the same" in page.text


def test_a_sweep_that_stopped_early_says_so(root, tmp_path) -> None:
    tags = {"varesearch.kind": "sweep", "varesearch.ended": "interrupted (Ctrl-C)"}
    page = Page(report_html(sweep_of(root, tmp_path, status="KILLED", tags=tags), root=root))
    assert "The sweep is KILLED: interrupted (Ctrl-C)" in page.text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "no run of that id or name"),
        (["first", "--out", "/nowhere/at/all.html"], "--out /nowhere/at/all.html: cannot be written"),
        (["first", "--uri", "sqlite:///"], "tracking.uri=sqlite:///"),
    ],
)
def test_what_cannot_be_done_exits_with_2_and_one_line(words, said, root, capsys) -> None:
    assert varesearch(["report", *words]) == 2
    error = capsys.readouterr().err
    assert said in error and len(error.strip().splitlines()) == 1


def test_a_copy_goes_where_it_is_wanted(root, tmp_path, capsys) -> None:
    assert varesearch(["report", "again", "--out", str(tmp_path / "page.html")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "page.html")
    assert is_sound(Page((tmp_path / "page.html").read_text()))


def test_files_that_are_gone_are_said(root) -> None:
    record = replace(load_run("first", root=root), folder=None)
    with pytest.raises(ConfigurationError, match="has no files on this machine"):
        write_report(record, root=root)
