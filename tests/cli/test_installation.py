"""The package as pip installs it: from a checkout, wherever Python is started."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from varesearch import __version__

TOP = Path(__file__).parents[2]

# Everything that decides how the package is laid out; the C extension is left out, for its time.
LAYOUT = ("pyproject.toml", "README.md", "LICENSE", "conf", "src")

BUILD = "from setuptools import build_meta; print(build_meta.build_{kind}({folder!r}))"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout under the name that ``git clone`` gives it."""
    place = tmp_path_factory.mktemp("projects") / "varesearch"
    for name in LAYOUT:
        source, target = TOP / name, place / name
        if source.is_dir():
            shutil.copytree(
                source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.egg-info")
            )
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    return place


def built(clone: Path, kind: str, folder: Path) -> Path:
    """What pip unpacks into ``site-packages``: of a wheel, or of an editable one."""
    wheels = folder / "wheels"
    wheels.mkdir()
    code = BUILD.format(kind=kind, folder=str(wheels))
    subprocess.run([sys.executable, "-c", code], cwd=clone, capture_output=True, text=True, check=True)
    site = folder / "site-packages"
    with zipfile.ZipFile(next(wheels.iterdir())) as wheel:
        wheel.extractall(site)
    return site


def imported_in(folder: Path, site: Path, code: str) -> str:
    """What ``code`` prints in a Python started in ``folder`` whose only site folder is ``site``."""
    # -S: without the installation that runs this test.
    script = f"import site; site.addsitedir({str(site)!r}); {code}"
    done = subprocess.run([sys.executable, "-S", "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_checkout_is_imported_from_the_folder_that_holds_it(clone: Path, tmp_path: Path) -> None:
    """There a folder ``varesearch`` is beside the interpreter: a notebook next to the clone, a first try after it."""
    site = built(clone, "editable", tmp_path)
    for folder in (clone.parent, clone, tmp_path):
        code = "import varesearch; print(varesearch.__version__, varesearch.__file__)"
        assert imported_in(folder, site, code) == f"{__version__} {clone / 'src' / 'varesearch' / '__init__.py'}"


def test_a_wheel_holds_every_option(clone: Path, tmp_path: Path) -> None:
    site = built(clone, "wheel", tmp_path)
    held = {path.relative_to(site / "varesearch") for path in (site / "varesearch" / "conf").rglob("*.yaml")}
    assert held == {path.relative_to(TOP) for path in (TOP / "conf").rglob("*.yaml")}
    assert Path("conf/config.yaml") in held
    assert not (site / "conf").exists()
    assert not (site / "varesearch_tools").exists(), "tools of the project are of no use without a checkout"
    assert (site / "varesearch" / "backends" / "nest" / "native" / "izhikevich_exp.cpp").is_file()
    assert (site / "varesearch" / "report" / "templates" / "run.html").is_file()
