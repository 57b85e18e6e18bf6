"""How the runs of a sweep are chosen and started: settings that are no part of the science."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from omegaconf import MISSING

from varesearch.config import ranges
from varesearch.config.errors import ConfigurationError
from varesearch.config.ranges import Range
from varesearch.config.settings import quantity
from varesearch.config.wording import echoed

OF_SWEEPS = ("launcher", "sweeper", "fail", "rerun")
"""The settings that only a sweep has."""


def refuse_sweep_settings(words: Iterable[str], remedy: str) -> None:
    """Raise ConfigurationError for a setting of sweeps among the words of a single run."""
    for word in words:
        key = word.partition("=")[0]
        if key.split(".")[0] in OF_SWEEPS:
            raise ConfigurationError(f"{echoed(word)}: {key} is a setting of sweeps; {remedy}, or leave it out")


@dataclass
class LauncherConfig:
    """What all launchers share."""

    name: str = MISSING
    time_limit_s: float | None = quantity(
        None, "s", "how long a child may take; null: as long as it likes", sense=ranges.SECONDS
    )
    memory_limit_mb: float | None = quantity(
        None, "MB", "how much memory a child may take; null: all there is", sense=ranges.MEGABYTES
    )

    addresses: ClassVar[tuple[str, ...]] = ()
    """Settings that name another machine; see ``BackendConfig.addresses``."""


@dataclass
class BasicLauncher(LauncherConfig):
    """One child after another, each in a process of its own on this machine."""

    name: str = "basic"


@dataclass
class JoblibLauncher(LauncherConfig):
    """Several children at once on this machine's processors, each in a process of its own with one thread."""

    name: str = "joblib"
    workers: int | None = quantity(
        None, "", "children at once; null: as many as there are usable processors", sense=Range(1, 10_000)
    )


@dataclass
class SubmititLauncher(LauncherConfig):
    """Each child a job of a SLURM cluster (extra: slurm). Its folder must be visible there."""

    name: str = "submitit"
    workers: int | None = quantity(
        None, "", "jobs in the queue at once, waiting ones included; null: 200", sense=Range(1, 10_000)
    )
    partition: str | None = quantity(None, "", "SLURM's partition; null: the cluster's own")
    account: str | None = quantity(None, "", "SLURM's account")
    qos: str | None = quantity(None, "", "SLURM's quality of service")
    cpus_per_task: int = quantity(1, "", "processors of a child", sense=Range(1, 1_024))
    slurm: Any = quantity({}, "", "further options of sbatch by their long names, {constraint: skylake, time: 120}")


@dataclass
class RayLauncher(LauncherConfig):
    """Each child a task of a ray cluster (extra: ray)."""

    name: str = "ray"
    workers: int | None = quantity(
        None, "", "tasks at once; null: as many as ray has processors", sense=Range(1, 10_000)
    )
    address: str | None = quantity(None, "", "a ray cluster; null: one on this machine, for this sweep")

    addresses: ClassVar[tuple[str, ...]] = ("address",)


@dataclass
class SweeperConfig:
    """What all sweepers share."""

    name: str = MISSING


@dataclass
class GridSweeper(SweeperConfig):
    """Every combination of what varies, in the order of the words; the last varies fastest."""

    name: str = "grid"


@dataclass
class OptunaSweeper(SweeperConfig):
    """A search by Optuna (extra: optuna) for the largest or smallest value of a metric, averaged over seeds."""

    name: str = "optuna"
    metric: str | None = quantity(None, "", "what is searched for, such as exc.cv_isi")
    direction: str = quantity("maximize", "", "maximize or minimize", ("maximize", "minimize"))
    trials: int = quantity(
        20,
        "trials",
        "points that are tried, those of an earlier start of the same search included",
        sense=Range(1, 100_000),
    )
    batch: int = quantity(
        2,
        "trials",
        "points that are chosen together, before the results of any of them are known",
        sense=Range(1, 10_000),
    )
    sampler: str = quantity(
        "tpe", "", "tpe (tree-structured Parzen estimator), random, or qmc (Sobol points)", ("tpe", "random", "qmc")
    )
    sampler_seed: int = quantity(1, "", "seed of the sampler", hard=Range(0, 2**32 - 1))


LAUNCHERS: tuple[type[LauncherConfig], ...] = (BasicLauncher, JoblibLauncher, SubmititLauncher, RayLauncher)
SWEEPERS: tuple[type[SweeperConfig], ...] = (GridSweeper, OptunaSweeper)
