"""A file of a run's record is damaged: the report does without it or says so in one line, as rerun and compare do."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from varesearch.cli import main as varesearch
from varesearch.tracking import RunRecord, load_run

SMALL = ["connectivity.n=20", "simulation.duration_ms=200", "recording.cells=2"]
FILES = [
    "config.yaml",
    "network.json",
    "provenance.json",
    "overrides.yaml",
    "metrics.csv",
    "phases.csv",
]


def _replace(content: bytes) -> Callable[[Path], None]:
    return lambda path: (path.write_bytes(content), None)[1]


def _half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


DAMAGES: dict[str, Callable[[Path], None]] = {
    "half": _half,
    "not UTF-8": _replace(b"\xff\xfe\xfa: \x80\n"),
    "a list": _replace(b"[1, 2]\n"),
    "another mapping": _replace(b'{"network": 3, "overrides": 4, "packages": [], "key": {"a": null}}\n'),
}


@pytest.fixture(scope="module")
def root(new_project: Callable[[], Path]) -> Iterator[Path]:
    folder = new_project()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VARESEARCH_ROOT", str(folder))
        assert varesearch([*SMALL, "tracking.run_name=it"]) == 0
        assert varesearch(["report", "it"]) == 0
        yield folder


@pytest.fixture
def record(root: Path, tmp_path: Path) -> Iterator[RunRecord]:
    """The run; its folder is put back afterwards."""
    found = load_run("it", root=root)
    assert found.folder is not None
    shutil.copytree(found.folder, tmp_path / "kept")
    yield found
    shutil.rmtree(found.folder)
    shutil.copytree(tmp_path / "kept", found.folder)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file(
    name: str, damage: str, root: Path, record: RunRecord, capfd: pytest.CaptureFixture[str]
) -> None:
    assert record.folder is not None
    path = record.folder / name
    DAMAGES[damage](path)
    capfd.readouterr()
    code = varesearch(["report", "it"])
    out, err = capfd.readouterr()
    assert code == 0 or (code == 2 and name.split("/", maxsplit=1)[0] in err and err.count("\n") == 1), (code, err)
    assert "Traceback" not in out + err


@pytest.mark.parametrize("words", [["rerun", "it"], ["compare", "it", "it"]], ids=["rerun", "compare"])
@pytest.mark.parametrize("name", ["config.yaml", "recording.npz"])
@pytest.mark.parametrize("damage", ["not UTF-8", "a list"])
def test_what_needs_a_damaged_file_is_refused(
    words: list[str],
    name: str,
    damage: str,
    record: RunRecord,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert record.folder is not None
    DAMAGES[damage](record.folder / name)
    capfd.readouterr()
    code = varesearch(words)
    err = capfd.readouterr().err
    assert (code, err.count("\n")) == (2, 1), err
    assert "Traceback" not in err
