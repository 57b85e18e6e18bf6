"""What makes two runs the same run."""

from pathlib import Path

import pytest

from varesearch import identity as module
from varesearch.config.compose import compose
from varesearch.identity import hash_files, identity, libraries, science_hash


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
