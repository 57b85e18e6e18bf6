"""How the runs of a sweep are chosen and started."""

from varesearch.config.checks import check_at_least, check_positive, refuse
from varesearch.config.launching import OptunaSweeper, SubmititLauncher
from varesearch.config.schema import Config


def check_launching(config: Config) -> None:
    """Raise ConfigurationError for limits, counts and options that no launcher or sweeper could keep."""
    launcher, sweeper = config.launcher, config.sweeper
    if launcher.time_limit_s is not None:
        check_positive("launcher.time_limit_s", launcher.time_limit_s, "s")
    if launcher.memory_limit_mb is not None:
        check_positive("launcher.memory_limit_mb", launcher.memory_limit_mb, "MB")
    workers = getattr(launcher, "workers", None)
    if workers is not None:
        check_at_least("launcher.workers", workers, 1, "child at once")
    if isinstance(launcher, SubmititLauncher):
        check_at_least("launcher.cpus_per_task", launcher.cpus_per_task, 1, "processor")
        if not isinstance(launcher.slurm, dict):
            refuse("launcher.slurm", launcher.slurm, "must be the options of sbatch, {NAME: VALUE}")
    if isinstance(sweeper, OptunaSweeper):
        check_at_least("sweeper.trials", sweeper.trials, 1, "trial")
        check_at_least("sweeper.batch", sweeper.batch, 1, "trial")
        check_at_least("sweeper.sampler_seed", sweeper.sampler_seed, 0)
