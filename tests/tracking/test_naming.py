"""Names, parameters and hashes of a run; credentials that must not show; signals; provenance."""

import inspect
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from forked import config
from hypothesis import given
from hypothesis import strategies as st

from varesearch.config.plain import as_plain
from varesearch.signals import SignalGuard, Terminated
from varesearch.tracking.ending import ending
from varesearch.tracking.location import redact
from varesearch.tracking.provenance import (
    config_hash,
    flat_params,
    machine,
    origin,
    provenance,
    read_commit,
    run_name,
    versions,
)

_KEYS = st.text("abc_", min_size=1, max_size=4)
_TEXTS = st.sampled_from(["", "é", "a, b: [c]", "x" * 249, "y" * 250, "z" * 9000])
_VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS
_SETTINGS = st.dictionaries(
    _KEYS, st.recursive(_VALUES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4))
)


@given(_SETTINGS)
def test_params_are_flat_and_short(settings: dict[str, Any]) -> None:
    for key, value in flat_params(settings).items():
        # What MLflow takes as a name, and less than the 6000 characters it takes as a value.
        assert re.fullmatch(r"[\w.]+", key)
        assert len(value) <= 250


@given(_SETTINGS, st.randoms())
def test_config_hash_is_of_the_content(settings: dict[str, Any], random: Any) -> None:
    keys = list(settings)
    random.shuffle(keys)
    before = config_hash(settings)
    assert config_hash({key: settings[key] for key in keys}) == before
    assert config_hash({**settings, "tracking": {"uri": "elsewhere"}, "verbose": True}) == before
    assert config_hash({**settings, "more": 1}) != before


def test_config_hash_without_the_seed() -> None:
    first, second = {"cell": {"a": 1}, "seed": 1}, {"cell": {"a": 1}, "seed": 2}
    assert config_hash(first) != config_hash(second)
    assert config_hash(first, without=["seed"]) == config_hash(second, without=["seed"])


@pytest.mark.parametrize(
    ("overrides", "choices", "name"),
    [
        ([], {}, "izhikevich brian2 n=10"),
        (["cell=izhikevich", "connectivity.n=10"], {"cell": "izhikevich"}, "izhikevich brian2 n=10"),
        (["seed=7", "+cell.a=0.03"], {}, "izhikevich brian2 n=10 seed=7 a=0.03"),
        (["experiment=va_coba"], {"experiment": "va_coba"}, "va_coba brian2 n=10"),
        (["tracking.uri=http://me:secret@host", "verbose=true"], {}, "izhikevich brian2 n=10"),
        ([f"cell.x{i}=1" for i in range(40)], {}, None),
    ],
)
def test_run_name(overrides: list[str], choices: dict[str, str], name: str | None) -> None:
    found = run_name(config(), overrides, choices)
    if name is None:
        assert len(found) <= 82
        assert found.endswith("…")
    else:
        assert found == name


def test_run_name_by_setting() -> None:
    assert run_name(config(run_name="mine"), ["seed=3"], {}) == "mine"


def test_params_of_the_real_configuration() -> None:
    params = flat_params(as_plain(config()))
    assert params["cell.v_init"] == "uniform(low=-65.0, high=-14.0)"
    assert params["connectivity.exc_inh_ratio"] == "4.0"
    assert params["recording.signals"] == '["v"]'
    assert "recording.cells" not in params


@given(st.text("abc:%.", max_size=6), st.text("xyz123:%", min_size=1, max_size=10))
def test_redact(user: str, password: str) -> None:
    shown = redact(f"tracking.uri=https://{user}:{password}@host:5000/path and more")
    assert shown == "tracking.uri=https://***@host:5000/path and more"


def test_a_signal_waits_while_signals_are_held() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    guard = SignalGuard()
    guard.install()
    try:
        guard.hold()
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            guard.release()
        guard.raise_pending()
        with pytest.raises(Terminated) as caught:
            signal.raise_signal(signal.SIGTERM)
        assert caught.value.code == 143
        assert ending(caught.value).exit_code == 143
    finally:
        guard.restore()
    assert {number: signal.getsignal(number) for number in before} == before


def _stop() -> None:
    signal.raise_signal(signal.SIGTERM)


def _stop_and_tidy_up(tidied: list[str]) -> None:
    try:
        _stop()
    finally:
        signal.raise_signal(signal.SIGINT)
        tidied.append("all of it")


def _fail() -> None:
    raise ValueError("of its own")


@pytest.mark.parametrize("action", [_stop, _fail, lambda: 7])
def test_signals_wait_from_the_end_of_an_action_on(action: Callable[[], Any]) -> None:
    guard = SignalGuard()
    guard.install()
    try:
        result, error = guard.attempt(action)
        signal.raise_signal(signal.SIGHUP)
        assert (result, type(error)) in [(None, Terminated), (None, ValueError), (7, type(None))]
        with pytest.raises(Terminated) as late:
            guard.raise_pending()
        assert late.value.signum == signal.SIGHUP
    finally:
        guard.restore()


def test_a_second_signal_does_not_interrupt_what_the_first_one_tidies_up() -> None:
    guard, tidied = SignalGuard(), list[str]()
    guard.install()
    try:
        _, error = guard.attempt(lambda: _stop_and_tidy_up(tidied))
        assert isinstance(error, Terminated) and error.signum == signal.SIGTERM
        assert tidied == ["all of it"] and guard.pending == signal.SIGINT
    finally:
        guard.restore()


def test_an_action_is_caught_whenever_a_signal_arrives_at_its_end() -> None:
    """The signal is raised before each line that ends the action, as it can be in the real course of events."""
    lines = inspect.getsourcelines(SignalGuard.attempt)
    numbers = range(lines[1], lines[1] + len(lines[0]))
    left, ended = [], []
    for number in numbers:
        for action in (lambda: 7, _fail):
            guard = SignalGuard()
            guard.install()
            try:
                sys.settrace(_raise_before(number))
                result = guard.attempt(action)
            except (Terminated, KeyboardInterrupt):
                left.append(number)
            else:
                ended += [number] if isinstance(result[1], Terminated) else []
            finally:
                sys.settrace(None)
                guard.restore()
    began = next(number for number, line in zip(numbers, lines[0], strict=True) if "result = action()" in line)
    assert max(left) < began
    assert len(set(ended)) >= 4


def _raise_before(number: int) -> Callable[..., Any]:
    def trace(frame: Any, event: str, _: Any) -> Any:
        if frame.f_code is not SignalGuard.attempt.__code__:
            return None
        if event == "line" and frame.f_lineno == number:
            signal.raise_signal(signal.SIGTERM)
        return trace

    return trace


def test_ignored_signal_stays_ignored_and_foreign_handler_stays() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}

    def foreign(*_: object) -> None:
        pass

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    guard = SignalGuard()
    guard.install()
    try:
        signal.raise_signal(signal.SIGHUP)
        signal.signal(signal.SIGTERM, foreign)
        guard.restore()
        assert signal.getsignal(signal.SIGTERM) is foreign
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_versions_are_those_of_the_packages() -> None:
    found = versions()
    for name in ("numpy", "mlflow", "brian2", "hydra-core", "varesearch"):
        assert found[name] == version(name)


def test_machine_is_known() -> None:
    found = machine()
    assert found["logical_cores"] >= 1
    assert found["memory_bytes"] > 1e6
    assert found["processor"]


def _git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c", "-C", str(folder), *arguments]
    subprocess.run(command, check=True, capture_output=True)


def _checkout(folder: Path) -> Path:
    """A checkout with code, a page and a file that a build makes, all committed but the last."""
    _git(folder, "init", "-b", "work")
    for name in ("src/model.py", "conf/cell/mine.yaml", "docs/page.md", ".gitignore"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("*.so\n")
    _git(folder, "add", ".")
    _git(folder, "commit", "-m", "first")
    (folder / "src" / "built.so").write_text("binary")
    return folder


def test_commit_and_difference(tmp_path: Path) -> None:
    assert read_commit(tmp_path) is None
    code = ("src", "conf")
    clean = read_commit(_checkout(tmp_path), code)
    assert clean is not None
    assert (clean.dirty, clean.diff, clean.branch) == (False, b"", "work")
    assert re.fullmatch("[0-9a-f]{40}", clean.commit or "")
    (tmp_path / "src" / "model.py").write_text("a = 2\n")
    (tmp_path / "src" / "new model.py").write_text("b = 1\n")
    dirty = read_commit(tmp_path, code)
    assert dirty is not None
    assert dirty.dirty
    assert dirty.commit == clean.commit
    assert b"-*.so\n+a = 2\n" in dirty.diff
    # What git does not know is in the difference too: it may take part.
    assert dirty.untracked == ("src/new model.py",)
    assert b"+b = 1\n" in dirty.diff


@pytest.mark.parametrize("name", ["my_options/cell/mine.yaml", "docs/page.md", "docs/new.md", "notebook.ipynb"])
def test_files_beside_the_code_do_not_change_the_code(tmp_path: Path, name: str) -> None:
    _checkout(tmp_path)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("changed\n")
    found = read_commit(tmp_path, ("src", "conf"))
    assert found is not None and not found.dirty and found.diff == b"" and found.untracked == ()


@pytest.mark.parametrize("name", ["conf/cell/mine.yaml", "conf/cell/new.yaml", "src/core.c"])
def test_options_and_sources_of_ours_do(tmp_path: Path, name: str) -> None:
    _checkout(tmp_path)
    (tmp_path / name).write_text("changed\n")
    found = read_commit(tmp_path, ("src", "conf"))
    assert found is not None and found.dirty and b"+changed" in found.diff


def test_a_checkout_that_is_not_ours_counts_what_git_knows_of(tmp_path: Path) -> None:
    _checkout(tmp_path)
    (tmp_path / "notes.txt").write_text("new\n")
    found = read_commit(tmp_path)
    assert found is not None and not found.dirty
    (tmp_path / "docs" / "page.md").write_text("changed\n")
    found = read_commit(tmp_path)
    assert found is not None and found.dirty


def test_provenance_without_git_or_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_commit(tmp_path) is None
    monkeypatch.setattr("psutil.virtual_memory", lambda: 1 / 0)
    found = provenance(origin(None))
    assert found["commit"] is None
    assert found["machine"]["memory_bytes"] is None
