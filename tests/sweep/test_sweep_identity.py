"""What makes two runs the same run."""

import ast
from pathlib import Path

import pytest

from varesearch import identity as module
from varesearch.config.compose import compose
from varesearch.identity import hash_files, identity, libraries, science_hash, sources


def of(*words: str) -> str:
    return identity(compose(words).resolved)


def test_what_determines_a_result_changes_it() -> None:
    changes = ["seed=2", "cell=if_cond_exp", "connectivity.p=0.03", "backend=nest", "analysis.warmup_ms=50"]
    assert len({of(), *(of(word) for word in changes)}) == 1 + len(changes)


def test_how_a_run_is_started_watched_and_kept_does_not() -> None:
    words = ["tracking.experiment=other", "tracking.run_name=x", "launcher=joblib", "launcher.time_limit_s=9"]
    words += ["sweeper=optuna", "verbose=true", "fail=fast", "rerun=true"]
    assert {of(word) for word in words} == {of()}


def test_the_same_configuration_written_otherwise_is_the_same() -> None:
    assert of("connectivity.p=0.02", "seed=1") == of("seed=1") == of("connectivity.delay_ms=2") == of()


def test_the_versions_of_the_libraries_change_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before, nest = of(), of("backend=nest")
    newer = {**libraries("brian2"), "brian2": "99.0"}
    monkeypatch.setattr(module, "libraries", lambda backend: newer if backend == "brian2" else libraries(backend))
    assert of() != before
    assert of("backend=nest") == nest


def test_every_library_that_is_named_is_installed() -> None:
    for backend in ("brian2", "nest", "spinnaker"):
        assert all(libraries(backend).values()), libraries(backend)


def test_the_sources_change_it_and_their_order_on_the_disk_does_not(tmp_path: Path) -> None:
    (tmp_path / "network").mkdir()
    one, two = tmp_path / "network" / "one.py", tmp_path / "network" / "two.c"
    one.write_text("a = 1")
    two.write_text("int a = 1;")
    first = hash_files(tmp_path, [tmp_path / "network"])
    one.unlink()
    one.write_text("a = 1")
    (tmp_path / "network" / "__pycache__").mkdir()
    (tmp_path / "network" / "__pycache__" / "one.pyc").write_text("compiled")
    assert hash_files(tmp_path, [tmp_path / "network"]) == first
    two.write_text("int a = 2;")
    second = hash_files(tmp_path, [tmp_path / "network"])
    two.rename(two.with_name("three.c"))
    assert len({first, second, hash_files(tmp_path, [tmp_path / "network"])}) == 3
    with pytest.raises(FileNotFoundError):
        hash_files(tmp_path, [tmp_path / "missing.py"])


def test_each_back_end_has_sources_of_its_own() -> None:
    assert len({science_hash(backend) for backend in ("brian2", "nest", "spinnaker")}) == 3


NO_PART_OF_A_RESULT = {
    "varesearch/backends/delays.py": "refuses settings before a run",
    "varesearch/backends/faults.py": "fails a run, or leaves it as it is",
    "varesearch/backends/printed.py": "what a simulator prints",
    "varesearch/config/addresses.py": "where a run is kept",
    "varesearch/config/errors.py": "messages",
    "varesearch/config/outside.py": "refuses addresses of others",
    "varesearch/config/ranges.py": "warns of settings, or refuses them",
    "varesearch/config/wording.py": "messages",
    "varesearch/config/launching.py": "how children are started",
    "varesearch/config/schema.py": "the values of its settings are in the configuration's own hash",
}


def imported(path: Path, top: Path) -> set[Path]:
    """The modules beside or below ``top`` that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    found = set()
    for name in names:
        module = top.joinpath(*name.split("."))
        found |= {file for file in (module.with_suffix(".py"), module / "__init__.py") if file.is_file()}
    return found


@pytest.mark.parametrize("backend", ["brian2", "nest", "spinnaker"])
def test_whatever_a_result_passes_through_is_among_the_sources(backend: str) -> None:
    top = Path(module.__file__).resolve().parents[1]
    hashed = {file for path in sources(backend) for file in (path.rglob("*.py") if path.is_dir() else [path])}
    reached, waiting = set(), set(hashed)
    while waiting:
        path = waiting.pop()
        reached.add(path)
        waiting |= {file for file in imported(path, top) if file.name != "__init__.py"} - reached
    assert {path.relative_to(top).as_posix() for path in reached - hashed} <= set(NO_PART_OF_A_RESULT)
