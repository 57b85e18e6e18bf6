"""A user's own back end, a file or a package outside the project: listed, run, swept, run again, kept."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from varesearch import cli
from varesearch.config.compose import compose
from varesearch.identity import identity
from varesearch.tracking.read import load_run

pytestmark = pytest.mark.usefixtures("root")

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "own-backend.md"
FILE = re.findall(r'```python title="my_parts/plain.py"\n(.*?)```', PAGE.read_text(), re.DOTALL)[0]
"""The forward Euler loop that the documentation shows."""
SETTINGS = FILE[FILE.index("@dataclass") : FILE.index("def rows")]
PACKAGE = {
    "__init__.py": "from dataclasses import dataclass\n\nfrom varesearch.config.backend import BackendSettings\n"
    "from varesearch.config.ranges import Range\nfrom varesearch.config.settings import quantity\n\n\n" + SETTINGS,
    "backend.py": FILE.replace(SETTINGS, "").replace("PEAK_MV = 30.0", "from . import PlainSettings\nPEAK_MV = 30.0"),
}
SMALL = ["cell=izhikevich_delta", "connectivity.n=30", "connectivity.p=0.2", "simulation.duration_ms=200"]
SMALL += ["tracking.experiment=own"]


def package(folder: Path, **changes: str) -> Path:
    """The loop as a package ``plain`` in a new folder; ``changes`` of its module ``backend``: old text -> new."""
    (folder / "plain").mkdir(parents=True)
    for name, text in PACKAGE.items():
        (folder / "plain" / name).write_text(text)
    changed = PACKAGE["backend.py"]
    for old, new in changes.items():
        assert old in changed
        changed = changed.replace(old, new)
    (folder / "plain" / "backend.py").write_text(changed)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(tmp_path_factory.mktemp("back ends of my own"))


def test_one_file_is_a_back_end_of_the_command(tmp_path: Path) -> None:
    """By a command in a process of its own; its trains are those of Brian2's forward Euler."""
    (tmp_path / "plain.py").write_text(FILE)
    ids = []
    for backend in ("plain", "brian2"):
        words = [sys.executable, "-m", "varesearch", "--config-dir", str(tmp_path), *SMALL, f"backend={backend}"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        ids += re.findall(r"run (\w{32})", done.stdout)
    plain, brian2 = (load_run(each) for each in ids)
    for name, population in plain.recording().populations.items():
        other = brian2.recording().populations[name]
        assert population.spike_ids.size > 10
        assert (population.spike_ids == other.spike_ids).all()
        assert (population.spike_times_ms == other.spike_times_ms).all()
    assert plain.folder is not None and brian2.folder is not None
    assert (plain.folder / "parts" / "plain.py").read_text() == FILE
    assert not (brian2.folder / "parts").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["plain.py"]


def test_a_package_is_swept_by_two_workers_taken_over_and_run_again(
    folder: Path, root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["sweep", "--config-dir", str(folder), *SMALL, "seed=2,3", "backend=plain,brian2"]
    words += ["launcher=local", "launcher.workers=2"]

    def kept() -> set[Path]:
        return set(root.rglob("recording.npz"))

    before = kept()
    assert cli.main(words) == 0
    made = {path.parent for path in kept() - before}
    assert len(made) == 4
    sources = [{path.name: path.read_text() for path in each.rglob("parts/plain/*")} for each in made]
    assert sorted(map(len, sources)) == [0, 0, 2, 2]
    assert all(source in ({}, PACKAGE) for source in sources)
    assert cli.main(words) == 0
    assert len(kept() - before) == 4, "finished runs were made again"
    assert {path.name for path in (folder / "plain").iterdir()} == set(PACKAGE), "byte code was left in the folder"
    capfd.readouterr()
    assert cli.main(["run", "--config-dir", str(folder), *SMALL, "backend=plain"]) == 0
    run = re.findall(r"run (\w{32})", capfd.readouterr().out)[-1]
    assert cli.main(["rerun", run]) == 2
    assert "backend=plain is unknown here" in capfd.readouterr().err
    assert cli.main(["rerun", run, "--config-dir", str(folder)]) == 0
    assert "IDENTICAL" in capfd.readouterr().out


def test_a_changed_line_is_another_result_and_a_changed_comment_is_not(tmp_path: Path) -> None:
    def of(name: str, **changes: str) -> str:
        return identity(compose([*SMALL, "backend=plain"], package(tmp_path / name, **changes)))

    first = of("first")
    assert of("comment", **{"State, one ring of arrivals": "The state, a ring of arrivals"}) == first
    assert of("line", **{"+ 140 - u": "+ 139 - u"}) != first


def test_it_is_listed_and_checked(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--config-dir", str(folder), "--help"]) == 0
    assert re.search(r"plain +Every population in numpy arrays", capfd.readouterr().out)
    assert cli.main(["--config-dir", str(folder), *SMALL, "backend=plain", "recording.signals=[u]"]) == 2
    assert "recording.signals=u cannot be recorded" in capfd.readouterr().err
    assert cli.main([*SMALL, "backend=plain"]) == 2
    assert "plain" in capfd.readouterr().err


def test_the_doctor_checks_its_spikes(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "plain", "--config-dir", str(folder)]) == 0
    assert "right spikes from izhikevich_delta" in " ".join(capfd.readouterr().out.split())
    wrong = package(tmp_path, **{"+ 140 - u": "+ 100 - u"})
    assert cli.main(["doctor", "--config-dir", str(wrong), "plain"]) == 1
    assert "wrong spikes: izhikevich_delta" in " ".join(capfd.readouterr().out.split())
    assert cli.main(["doctor", "plain"]) == 2
    assert cli.main(["doctor", "plain", "--config-dir", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SETTINGS, "0 classes derive from Backend; define one"),
        (f"{FILE}\n\nclass Other(Plain):\n    pass\n", "2 classes derive from Backend; define one"),
        (FILE.replace("def build(", "def make("), "Plain has no build(): define it"),
        (FILE[FILE.index('"""') : FILE.index("@dataclass")], "holds no part: define a class"),
    ],
)
def test_a_broken_back_end_is_refused_in_one_line(
    tmp_path: Path, text: str, expected: str, capfd: pytest.CaptureFixture[str]
) -> None:
    imports = FILE[FILE.index("from collections") : FILE.index("@dataclass")]
    (tmp_path / "plain.py").write_text(text if text.startswith('"""') else imports + text)
    for words in ([*SMALL, "backend=plain", "dry_run=true"], ["--backends"]):
        assert cli.main(["--config-dir", str(tmp_path), *words]) == 2
        shown = capfd.readouterr()
        assert expected in shown.err and shown.err.count("\n") == 1 and shown.out == ""


INSTALLED = """
from varesearch.config.compose import compose
from varesearch.config.parts import own_sources
from varesearch.preflight import prepare
backend = prepare(compose(["cell=izhikevich_delta", "backend=plain"]).config)
print(backend.name, backend.imports(), sorted(own_sources(type(backend.config.backend))))
"""


def test_an_installed_distribution_brings_a_back_end(tmp_path: Path) -> None:
    package(tmp_path / "elsewhere")
    record = tmp_path / "elsewhere-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text("[varesearch.parts]\nplain = elsewhere.plain\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    words = [sys.executable, "-c", INSTALLED]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    sources = ["plain/__init__.py", "plain/backend.py"]
    assert done.stdout == f"plain ('elsewhere.plain.backend',) {sources}\n"
