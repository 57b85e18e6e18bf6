"""The notebook of the seed's story, executed as a reader would: every cell runs, and what it tells is true."""

from pathlib import Path
from typing import Any

import pytest

import varesearch as va

NOTEBOOK = Path(va.__file__).resolve().parents[2] / "experiments" / "notebook" / "seed_story.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """The executed notebook, and its project. A cell that raises fails this."""
    import nbformat  # here, so that an environment without these collects all other tests
    from nbclient import NotebookClient

    root = tmp_path_factory.mktemp("project")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VARESEARCH_ROOT", str(root))
        patch.setenv("IPYTHONDIR", str(root / "ipython"))
        NotebookClient(
            notebook, timeout=280, kernel_name="python3", resources={"metadata": {"path": str(root)}}
        ).execute()
    return notebook, root


def output(notebook: Any, beginning: str, kind: str) -> str:
    """What the cell that begins like this shows, in the form ``kind``."""
    (cell,) = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.startswith(beginning)]
    return next(each.data[kind] for each in cell.outputs if each.output_type == "execute_result")


@pytest.mark.timeout(300)
def test_the_notebook_runs_and_shows_its_runs_tables_and_figures(
    executed: tuple[Any, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook, root = executed
    monkeypatch.setenv("VARESEARCH_ROOT", str(root))
    assert "<td>rate_hz</td>" in output(notebook, "run = va.run(", "text/html")
    for name in ("raster", "v_histogram"):
        assert output(notebook, f'run.figure("{name}")', "image/png").startswith("iVBOR")
    assert "not judged" in output(notebook, "original = va.run(", "text/plain")
    assert output(notebook, "small = {", "text/plain").startswith("(True, ")
    assert "connectivity.p" in output(notebook, "sweep = va.sweep(", "text/html")
    assert {run.record.status for run in va.runs()} == {"FINISHED"}
    hashes = {run.network_hash[:12] for run in va.runs().filter(connectivity={"n": 1500})}
    assert "4369d59249d0" in hashes


def test_a_progress_bar_is_shown_where_a_run_takes_its_time(executed: tuple[Any, Path]) -> None:
    notebook, _ = executed
    (cell,) = [cell for cell in notebook.cells if cell.source.startswith("run = va.run(")]
    bars = [each.data["text/html"] for each in cell.outputs if each.output_type == "display_data"]
    assert any("<progress" in bar for bar in bars)


def test_a_notebook_gets_no_lines_of_a_terminal(executed: tuple[Any, Path]) -> None:
    notebook, _ = executed
    streams = [each.text for cell in notebook.cells for each in cell.get("outputs", ()) if each.output_type == "stream"]
    assert streams == []


def test_the_notebook_is_kept_with_what_it_shows() -> None:
    import nbformat

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    shown = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    assert len(shown) == sum(cell.cell_type == "code" for cell in notebook.cells) - 1  # an import shows nothing
