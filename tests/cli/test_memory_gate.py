"""What a run would take is compared with what this process may have, before anything heavy is imported or written."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from outcomes import Command

from varesearch import free_memory
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.free_memory import memory_bounds
from varesearch.preflight import check_memory_together, memory_need


@pytest.mark.parametrize(
    ("words", "setting", "mend"),
    [
        (["connectivity.n=1000000", "connectivity.p=0.1"], "connectivity.n=1000000", "fewer cells"),
        (["simulation.duration_ms=1e8"], "simulation.duration_ms=1e+08", "recording.cells"),
        (
            ["stimulus=background_poisson", "stimulus.rate_hz=900", "simulation.duration_ms=1e8", "recording=spikes"],
            "stimulus=background_poisson",
            "stimulus.rate_hz",
        ),
        (
            ["backend=nest", "connectivity.n=9000000", "connectivity.p=1e-9", "recording=spikes"],
            "connectivity.n=9000000",
            "fewer cells",
        ),
        (
            ["stimulus.n_sources=1000000", "stimulus.p=1", "stimulus.rate_hz=1", "connectivity.n=100000"],
            "stimulus=thalamic_burst",
            "stimulus.p",
        ),
    ],
)
def test_the_setting_that_makes_the_size_is_named(command: Command, words: list[str], setting: str, mend: str) -> None:
    outcome = command(words)
    assert outcome.code == 2
    assert f"{setting} needs about" in outcome.err
    assert mend in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_limit_on_address_space_is_a_bound(tmp_path: Path) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1_400_000_000, 1_400_000_000))

    done = subprocess.run(
        [sys.executable, "-m", "varesearch"],
        capture_output=True,
        text=True,
        env={**os.environ, "VARESEARCH_ROOT": str(tmp_path)},
        preexec_fn=limited,
        check=False,
    )
    assert done.returncode == 2
    assert "ulimit -v" in done.stderr and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


GB = 1_000_000_000


def group(folder: Path, version: int, limit: str, used: int, cached: int) -> None:
    """The files of a control group."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    for name, content in zip(names, (limit, str(used)), strict=True):
        (folder / name).write_text(f"{content}\n")
    key = "inactive_file" if version == 2 else "total_inactive_file"
    (folder / "memory.stat").write_text(f"anon 1\n{key} {cached}\n")


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, str, str], Path]:
    """Make /proc/self say that this process is in a control group: version, path, root of the mount."""

    def make(version: int, path: str, root: str = "/") -> Path:
        proc, mounted = tmp_path / "proc/self", tmp_path / "cgroup"
        proc.mkdir(parents=True)
        mounted.mkdir()
        line = f"0::{path}" if version == 2 else f"4:memory:{path}"
        (proc / "cgroup").write_text(f"3:cpuset:/\n{line}\n")
        kind, options = ("cgroup2", "rw") if version == 2 else ("cgroup", "rw,memory")
        (proc / "mountinfo").write_text(f"35 31 0:32 {root} {mounted} rw,relatime - {kind} {kind} {options}\n")
        monkeypatch.setattr(free_memory, "_PROC", tmp_path / "proc")
        return mounted

    return make


@pytest.mark.parametrize("version", [1, 2])
def test_the_tightest_of_nested_control_groups_bounds(groups: Callable[..., Path], version: int) -> None:
    """The files that the kernel has cached for a group are given back when memory is wanted."""
    mounted = groups(version, "/batch/job")
    unbounded = "max" if version == 2 else "9223372036854771712"
    group(mounted, version, unbounded, 9 * GB, 0)
    group(mounted / "batch", version, str(2 * GB), 1_500_000_000, 200_000_000)
    group(mounted / "batch/job", version, str(3 * GB), GB, 0)
    assert [bound.free for bound in memory_bounds()[:2]] == [700_000_000, 2 * GB]
    assert "cgroup" in memory_bounds()[0].what


def test_a_container_sees_its_own_part_of_the_groups(groups: Callable[..., Path]) -> None:
    mounted = groups(2, "/docker/abc/task", "/docker/abc")
    group(mounted, 2, str(GB), 0, 0)
    group(mounted / "task", 2, str(GB // 2), 0, 0)
    assert [bound.free for bound in memory_bounds()[:2]] == [GB // 2, GB]


def test_a_container_whose_path_is_the_hosts_takes_the_mount_itself(groups: Callable[..., Path]) -> None:
    mounted = groups(2, "/../../elsewhere")
    group(mounted, 2, str(GB), 0, 0)
    assert memory_bounds()[0].free == GB


def test_a_group_that_is_used_up_leaves_nothing(groups: Callable[..., Path]) -> None:
    group(groups(1, "/"), 1, str(GB), 2 * GB, 0)
    assert memory_bounds()[0].free == 0


def test_runs_that_go_on_together_must_fit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    configs = [compose([f"connectivity.n={n}", "simulation.duration_ms=100"]).config for n in (100, 200, 300)]
    one = memory_need(configs[-1]).total
    monkeypatch.setattr("varesearch.preflight.memory_bounds", lambda: [free_memory.Bound(int(2.5 * one), "free")])
    check_memory_together(configs, 2, None, "launcher=local")
    check_memory_together(configs, 0, None, "launcher=slurm")
    with pytest.raises(ConfigurationError, match=r"3 runs at once need about .* set launcher\.workers=2"):
        check_memory_together(configs, 3, None, "launcher=local")
    with pytest.raises(ConfigurationError, match=r"launcher\.memory_limit_mb=300: the largest run needs about"):
        check_memory_together(configs, 1, 300.0, "launcher=local")
