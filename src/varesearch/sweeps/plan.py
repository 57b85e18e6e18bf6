"""From the words of a command to jobs: all children are composed and checked before anything is begun."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from varesearch.backends.base import Workspace
from varesearch.config.compose import Composer
from varesearch.config.errors import ConfigurationError
from varesearch.config.launching import NOT_SCIENCE, OF_SWEEPS
from varesearch.config.overrides import parse_overrides
from varesearch.config.plain import as_plain
from varesearch.config.schema import Config
from varesearch.identity import identity
from varesearch.preflight import prepare
from varesearch.shell import quoted
from varesearch.simulation import probe
from varesearch.sweeps.jobs import Job
from varesearch.sweeps.space import Space, read_space
from varesearch.tracking.location import cache_folder


class Planner:
    """Makes jobs of the points of the space that ``words`` span. ``settings`` are those of the first point.

    Settings that are not part of the science (launcher, tracking and so on) are the same for all points and hold for
    the sweep as a whole. Raises ConfigurationError for words that cannot be read or composed.
    """

    def __init__(self, words: Sequence[str], config_dir: Path | None = None) -> None:
        self._composer = Composer(config_dir)
        space = read_space(words, self._composer.options)
        self.settings: Config = self._composer.compose(space.first()).config
        self.space: Space = space.typed(self.settings)
        self._varying = [d.key for d in space.dimensions if d.bounds is not None or len(d.values) > 1]
        self._shared = _not_science(self.settings)
        self._jobs: dict[str, Job] = {}
        self._answered: set[str] = set()
        self._count = 0

    def compose(
        self, points: Sequence[tuple[str, ...]], progress: Callable[[float], None] = lambda _: None
    ) -> list[Job]:
        """The jobs of some points, in their order; ``progress`` is called with the number of those composed so far.

        Raises ConfigurationError, naming the point, for one that cannot be run, that is the same run as another one, or
        that sets for itself what belongs to the whole sweep.
        """
        jobs = []
        for point in points:
            try:
                jobs.append(self._job(point))
            except ConfigurationError as error:
                which = quoted(f"{key}={value}" for key, value in self._written(point).items())
                if not which:
                    raise
                where = f"combination {self._count + 1} of {len(points)}" if len(points) > 1 else "the combination"
                raise ConfigurationError(f"{error}; that is {where}: {which}") from None
            self._count += 1
            progress(len(jobs))
        return jobs

    def probe(self, jobs: Sequence[Job]) -> None:
        """Ask, once for each distinct machine, whether what the jobs need outside of here answers.

        Raises BackendUnavailableError.
        """
        for job in jobs:
            config = job.composed.config
            key = repr((config.backend, config.structure.cell_names))
            if key not in self._answered:
                self._answered.add(key)
                probe(prepare(config, job.composed.config_dir), Workspace(cache=cache_folder()))

    def _job(self, point: tuple[str, ...]) -> Job:
        composed = self._composer.compose(point)
        config = composed.config
        prepare(config, composed.config_dir)
        own = _not_science(config)
        other = next((name for name in own if own[name] != self._shared[name]), None)
        if other is not None:
            raise ConfigurationError(
                f"{other} must be the same for the whole sweep, but a preset of this run changes it"
            )
        # As for a single run, which has no launcher.
        words = tuple(word for word in point if word.partition("=")[0].split(".")[0] not in OF_SWEEPS)
        composed = replace(composed, overrides=words)
        job = Job(self._count, words, composed, self._values(point), identity(composed))
        same = self._jobs.setdefault(job.identity, job)
        if same is not job and same.words != words:
            raise ConfigurationError(f"this is the same run as {quoted(same.words)}; leave one of them out")
        return job

    def _values(self, point: tuple[str, ...]) -> dict[str, object]:
        given = parse_overrides(point, self._composer.options)
        return {key: {**given.choices, **given.values}[key] for key in self._varying}

    def _written(self, point: tuple[str, ...]) -> dict[str, str]:
        words = dict(word.split("=", 1) for word in point)
        return {dimension.key: words[dimension.key] for dimension in self.space.dimensions}


def _not_science(config: Config) -> dict[str, object]:
    return {name: as_plain(getattr(config, name)) for name in NOT_SCIENCE}
