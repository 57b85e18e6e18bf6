"""What is loaded and executed from disk: never a file that somebody else could have put there."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from strangers import stranger

from private_folder import NotPrivateError, PrivateFolder
from varesearch.backends.base import BackendUnavailableError, Workspace
from varesearch.backends.brian2.compiled import kept_modules
from varesearch.backends.nest.module import compile_cell
from varesearch.config.errors import ConfigurationError
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.tracking import location
from varesearch.tracking.location import cache_folder

HOSTILE = b"\x7fELF: were this loaded, it would run with the rights of whoever loads it"


@pytest.fixture
def give_away(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    return stranger(monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the user's own, with one file in it that was kept."""
    private = PrivateFolder(tmp_path / "own")
    made = tmp_path / "made"
    made.write_bytes(b"good")
    private.keep(made, "cell")
    return private.path


def test_a_file_that_was_kept_is_found_again(folder: Path) -> None:
    (found,) = PrivateFolder(folder).find("cell")
    assert found.read_bytes() == b"good"
    assert (folder.stat().st_mode & 0o777, found.stat().st_mode & 0o777) == (0o700, 0o600)
    assert PrivateFolder(folder).find("cel") == []


def _changed(path: Path) -> None:
    path.write_bytes(HOSTILE)


def _writable(path: Path) -> None:
    path.chmod(0o666)


def _linked(path: Path) -> None:
    elsewhere = path.parent.parent / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("attack", [_changed, _writable, _linked, _pipe])
def test_a_file_that_is_not_the_one_kept_is_not_used(folder: Path, attack: Callable[[Path], None]) -> None:
    (path,) = PrivateFolder(folder).find("cell")
    attack(path)
    assert PrivateFolder(folder).find("cell") == []
    assert not path.is_symlink() and not path.exists()


def test_a_file_of_another_user_is_not_used(folder: Path, give_away: Callable[[Path], None]) -> None:
    private = PrivateFolder(folder)
    (path,) = private.find("cell")
    give_away(path)
    assert private.find("cell") == []


def test_a_folder_of_another_user_is_refused(folder: Path, give_away: Callable[[Path], None]) -> None:
    give_away(folder)
    with pytest.raises(NotPrivateError, match="folder of yours"):
        PrivateFolder(folder)


def test_a_folder_that_others_can_replace_is_refused(tmp_path: Path, give_away: Callable[[Path], None]) -> None:
    above = tmp_path / "above"
    above.mkdir()
    above.chmod(0o777)
    with pytest.raises(NotPrivateError, match=f"others can write to {above}"):
        PrivateFolder(above / "own")
    above.chmod(0o1777)  # as /tmp is
    PrivateFolder(above / "own")
    above.chmod(0o755)
    (tmp_path / "link").symlink_to(above)
    PrivateFolder(tmp_path / "link" / "own")
    with pytest.raises(NotPrivateError, match="folder of yours"):
        (above / "linked").symlink_to(above / "own")
        PrivateFolder(above / "linked")
    give_away(tmp_path / "link")
    with pytest.raises(NotPrivateError, match="belongs to user"):
        PrivateFolder(tmp_path / "link" / "own")


def test_nests_cell_is_compiled_anew_where_somebody_planted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, give_away: Callable[[Path], None]
) -> None:
    monkeypatch.setenv("CXX", _compiler(tmp_path))
    cache = tmp_path / "cache"
    (cache / "nest").mkdir(parents=True)
    (cache / "nest").chmod(0o777)
    with pytest.raises(BackendUnavailableError, match=r"^cell=izhikevich on backend=nest: .*chmod 700[^\n]*$"):
        compile_cell(Izhikevich, cache, Workspace())
    (cache / "nest").chmod(0o700)
    made = compile_cell(Izhikevich, cache, Workspace()).with_suffix(".so")
    good = made.read_bytes()
    assert compile_cell(Izhikevich, cache, Workspace()).with_suffix(".so") == made
    made.write_bytes(HOSTILE)
    assert compile_cell(Izhikevich, cache, Workspace()).with_suffix(".so").read_bytes() == good
    # The name under which it was loaded from a store before, which anybody can compute.
    for name in ("izhikevich_exp.so", made.name.replace(made.stem[-32:], "0" * 32)):
        made.with_name(name).write_bytes(HOSTILE)
    assert compile_cell(Izhikevich, cache, Workspace()).with_suffix(".so").read_bytes() == good
    give_away(made)
    if os.geteuid() == 0:
        assert compile_cell(Izhikevich, cache, Workspace()).with_suffix(".so").stat().st_uid == 0
    else:
        with pytest.raises(BackendUnavailableError):
            compile_cell(Izhikevich, cache, Workspace())


def test_brian2_does_not_load_a_module_that_was_changed(tmp_path: Path) -> None:
    """In a process of its own, since a module is loaded once in each."""
    script = tmp_path / "script.py"
    script.write_text(_BRIAN2)
    cache = tmp_path / "cache"

    def run() -> dict[str, Any]:
        command = [sys.executable, str(script), str(cache), tempfile.mkdtemp(dir=tmp_path)]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert run() == {"answer": 42, "compiled": True}
    (kept,) = cache.glob("*.so")
    assert run() == {"answer": 42, "compiled": False}
    replaced = kept.with_name("other")
    replaced.write_bytes(HOSTILE)
    replaced.replace(kept)
    assert run() == {"answer": 42, "compiled": True}
    assert HOSTILE not in {path.read_bytes() for path in cache.glob("*.so")}


_BRIAN2 = """
import json, sys
from pathlib import Path
import brian2
from brian2.codegen.runtime.cython_rt.extension_manager import cython_extension_manager as manager
from varesearch.backends.brian2.compiled import kept_modules

cache, run = map(Path, sys.argv[1:])
brian2.prefs["codegen.runtime.cython.cache_dir"] = str(run)
with kept_modules(cache):
    module = manager.create_extension("def answer():\\n    return 42\\n")
(loaded,) = run.rglob("*.so")
print(json.dumps({"answer": module.answer(), "compiled": loaded.stat().st_nlink == 1}))  # else a link to what was kept
"""


def test_brian2s_folder_must_be_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(NotPrivateError, match="chmod 700"), kept_modules(tmp_path):
        pass


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout beside a store that somebody else can write, and a home."""
    checkout, store, home = tmp_path / "checkout", tmp_path / "store", tmp_path / "home"
    for folder in (checkout, store, home):
        folder.mkdir()
    monkeypatch.setattr(location, "checkout_root", lambda: checkout)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("VARESEARCH_ROOT", str(store))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    return checkout


def test_the_cache_is_in_the_checkout_and_never_in_a_store(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == checkout / ".cache" / "varesearch"
    assert not list(Path(os.environ["VARESEARCH_ROOT"]).iterdir())
    monkeypatch.setenv("XDG_CACHE_HOME", str(checkout.parent / "named"))
    assert cache_folder() == checkout.parent / "named" / "varesearch"


def test_in_a_checkout_that_others_can_write_the_cache_is_in_the_home(checkout: Path) -> None:
    checkout.chmod(0o777)
    assert cache_folder() == checkout.parent / "home" / ".cache" / "varesearch"
    assert not list(checkout.iterdir())
    (checkout.parent / "home").chmod(0o777)
    with pytest.raises(ConfigurationError, match=r"no folder is safe.*XDG_CACHE_HOME") as refused:
        cache_folder()
    assert "\n" not in str(refused.value)


def test_the_cache_of_a_checkout_of_another_user_is_in_the_home(
    checkout: Path, give_away: Callable[[Path], None]
) -> None:
    if os.geteuid() == 0:
        give_away(checkout)
        assert cache_folder() == checkout.parent / "home" / ".cache" / "varesearch"
    else:
        give_away(checkout)
        with pytest.raises(ConfigurationError, match="no folder is safe"):
            cache_folder()


def _compiler(folder: Path) -> str:
    """A compiler that takes no time: what it makes is of one content."""
    program = folder / "compiler"
    program.write_text('#!/bin/sh\nwhile [ $# -gt 1 ]; do [ "$1" = -o ] && echo made > "$2"; shift; done\n')
    program.chmod(0o755)
    return str(program)
