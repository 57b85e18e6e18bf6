"""``varesearch doctor`` finds what is broken on a machine, says how to mend it, and changes nothing."""

import hashlib
import sqlite3
from base64 import urlsafe_b64encode
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from varesearch.cli import main
from varesearch.doctor import packages
from varesearch.doctor.checks import subjects

COMPUTER = ["memory", "disk", "store", "packages", "compilers"]
NEVER_RESET = """
import dataclasses
from varesearch.model.cells import Steps
from varesearch.model.cells.if_curr_exp import EXACT, IfCurrExp

wrong = Steps({"exact": dataclasses.replace(EXACT, reset="v = v")})
IfCurrExp.simulators = {**IfCurrExp.simulators, "brian2": wrong}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path))
    return tmp_path


def table(printed: str) -> dict[tuple[str, str], str]:
    """(subject, state) -> the lines of the findings, from a table that is not wrapped."""
    found: dict[tuple[str, str], str] = {}
    for line in printed.splitlines():
        words = line.split()
        state = next((word for word in words if word in ("ok", "skipped", "absent", "BROKEN")), None)
        if words and words[0] in subjects() and state:
            found[words[0], state] = found.get((words[0], state), "") + line
    return found


def test_a_machine_that_is_well(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", *COMPUTER]) == 0
    out, err = capsys.readouterr()
    assert {subject for subject, state in table(out) if state == "ok"} == {*COMPUTER}
    assert "all is well" in out and err == ""
    assert list(root.iterdir()) == [], "the doctor has changed something"


def test_a_store_that_can_be_used_and_one_that_cannot(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = root / "mlruns" / "mlflow.db"
    database.parent.mkdir()
    with sqlite3.connect(database) as made:
        made.execute("create table runs (name)")
        made.execute("insert into runs values ('it')")
    made.close()
    assert main(["doctor", "store"]) == 0
    assert "1 runs" in " ".join(capsys.readouterr().out.split())
    database.write_bytes(b"this is no database" * 100)
    assert main(["doctor", "store"]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "file is not a database" in out and "put mlflow.db back from a copy" in out and "1 checks failed" in out
    assert database.read_bytes() == b"this is no database" * 100


def test_a_folder_that_nobody_can_write_to(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("VARESEARCH_ROOT", "/proc")
    assert main(["doctor", "store"]) == 1
    assert "/proc: No such file or directory" in capsys.readouterr().out


@pytest.mark.parametrize(("asked", "code"), [([], 0), (["compilers"], 1)])
def test_what_is_optional_is_a_failure_only_if_it_was_asked_for(
    asked: list[str], code: int, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(root))
    monkeypatch.setattr("varesearch.doctor.checks.subjects", lambda _config_dir: ["compilers"])
    assert main(["doctor", *asked]) == code
    out = capsys.readouterr().out
    assert set(table(out)) == {("compilers", "absent")}
    assert "install g++, or name a compiler in CXX" in out


def installed(folder: Path, content: bytes, name: str = "thing.py") -> Distribution:
    """A package as pip would have installed it: one file, and its list with the hash of ``content``."""
    digest = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    info = folder / "thing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    (info / "RECORD").write_text(f"{name},sha256={digest},{len(content)}\nthing-1.0.dist-info/RECORD,,\n")
    return Distribution.at(info)


@pytest.mark.parametrize(("content", "changed"), [(b"a = 1\n", []), (b"a = 2\n", ["thing.py"]), (None, ["thing.py"])])
def test_a_file_that_is_not_as_it_was_installed(content: bytes | None, changed: list[str], tmp_path: Path) -> None:
    found = installed(tmp_path, b"a = 1\n")
    if content is not None:
        (tmp_path / "thing.py").write_bytes(content)
    assert packages.changed_files(found) == changed


def test_certificates_of_an_institute_are_no_fault(tmp_path: Path) -> None:
    found = installed(tmp_path, b"known to all\n", "certificates.pem")
    (tmp_path / "certificates.pem").write_bytes(b"known to all\nand to us\n")
    assert packages.changed_files(found) == []


def test_versions_that_were_not_tested(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pins = "# by hand\nnumpy==0.1\nscipy==0.2 ; python_version < '3'\nno_such_package==1\nclick>=8\n"
    (root / "constraints.txt").write_text(pins)
    monkeypatch.setattr(packages, "checkout_root", lambda: root)
    assert main(["doctor", "packages"]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "pip install --constraint constraints.txt numpy" in out
    assert "scipy" not in out and "no_such_package" not in out


def test_a_simulator_that_is_wrong_and_one_that_does_not_start(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python imports ``sitecustomize`` by itself, also in the process that the doctor starts."""
    (root / "wrong").mkdir()
    (root / "wrong" / "sitecustomize.py").write_text(NEVER_RESET)
    monkeypatch.setenv("PYTHONPATH", str(root / "wrong"))
    assert main(["doctor", "brian2"]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "wrong spikes: if_curr_exp" in out and "do not use backend=brian2 backend.codegen=numpy" in out
    (root / "none" / "brian2").mkdir(parents=True)
    (root / "none" / "brian2" / "__init__.py").write_text("raise ImportError('libsomething is missing')")
    monkeypatch.setenv("PYTHONPATH", str(root / "none"))
    assert main(["doctor", "brian2"]) == 1
    assert "libsomething is missing" in capsys.readouterr().out


def test_a_subject_that_does_not_exist(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "nset"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("varesearch: ") and err.endswith("did you mean nest?\n")


@pytest.mark.slow
@pytest.mark.timeout(3600)  # compilers, on a busy machine
def test_everything_is_well_here(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["doctor", "--full"])
    out = capsys.readouterr().out
    assert code == 0, out
    assert {subject for subject, _ in table(out)} == {*subjects()}
    assert {state for _, state in table(out)} == {"ok"}, out
