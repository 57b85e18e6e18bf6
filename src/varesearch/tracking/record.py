"""A run read back from the store, and its files, which somebody else may have made or changed."""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from varesearch.config.errors import ConfigurationError
from varesearch.config.files import InputFile
from varesearch.result import Status
from varesearch.tracking import tags as vocabulary
from varesearch.tracking.files import CONFIG_FILE, LOG_FILE, RECORDING_FILE

if TYPE_CHECKING:
    from varesearch.recording import Recording

_MB = 1_000_000
_MOST_BYTES = {".yaml": 16 * _MB, ".json": 64 * _MB, ".csv": 512 * _MB, ".png": 64 * _MB}
"""Suffix -> the largest size of a file that is read. Recordings have their own limit; of logs only the end is read."""
_MOST_NODES = 200_000
_TAIL_BYTES = 1 * _MB
LOG_LINES = 40
"""The number of lines at the end of a log that are shown."""


class TextOfTag:
    """A tag of a run as an attribute of its record: its text, ``""`` if the run does not have it."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __get__(self, record: "RunRecord | None", owner: type) -> str:
        return "" if record is None else record.tags.get(self._key, "")


@dataclass(frozen=True)
class RunRecord:
    """A run as it is in the store.

    Attributes
    ----------
    run_id, name, experiment, experiment_id, status, params, metrics, tags
        As in MLflow.
    start_ms, end_ms
        Times in ms since 1970; ``end_ms`` is None while the run is RUNNING.
    folder
        The folder of its files; None if they are not on this machine. Those that a server keeps are fetched by
        :func:`load_run`, but not for a list of runs.
    artifact_uri
        The address of its files in the store.
    """

    run_id: str
    name: str
    experiment: str
    experiment_id: str
    status: str
    start_ms: int
    end_ms: int | None
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    folder: Path | None
    artifact_uri: str = ""

    result = TextOfTag(vocabulary.RESULT)
    """How its simulation ended, a :class:`~varesearch.result.Status`; ``""``: there was none, or it failed."""
    why_ended = TextOfTag(vocabulary.ENDED)
    """Why it is not FINISHED, in one line; ``""`` for a finished run."""
    why_degraded = TextOfTag(vocabulary.DEGRADED)
    """What is wrong with the result, in the words of the back end; ``""`` if nothing is."""
    warnings = TextOfTag(vocabulary.WARNINGS)
    """The warnings about its configuration."""
    pruned = TextOfTag(vocabulary.PRUNED)
    """The date on which its recording was removed; ``""`` if it was not."""
    parent = TextOfTag(vocabulary.PARENT)
    """The id of the sweep that it belongs to; ``""`` for a single run."""
    rerun_of = TextOfTag(vocabulary.RERUN_OF)
    """The id of the run that it repeats; ``""`` if it repeats none."""
    preset = TextOfTag(vocabulary.EXPERIMENT)
    """The chosen option of the group ``experiment``."""
    network_hash = TextOfTag(vocabulary.NETWORK_HASH)
    """The content hash of the drawn network; ``""`` if none was drawn."""
    given_network = TextOfTag(vocabulary.GIVEN_NETWORK)
    """The content hash of a network that a program made; ``""`` for one that the settings describe."""
    identity = TextOfTag(vocabulary.IDENTITY)
    """The hash of all that determines its result, see :mod:`varesearch.identity`."""
    science = TextOfTag(vocabulary.SCIENCE)
    """The hash of the code that determined its result."""
    libraries = TextOfTag(vocabulary.LIBRARIES)
    """The versions of the libraries that computed its result."""
    commit = TextOfTag(vocabulary.COMMIT)
    """The commit of its code; ``""`` if it is not known."""
    batch_job = TextOfTag(vocabulary.BATCH_JOB)
    """The batch job that writes it, ``slurm:1234``; ``""`` if none does."""
    timing = TextOfTag(vocabulary.TIMING)
    """What has to be known about the times that the machine reported; ``""`` if nothing."""
    verdict = TextOfTag(vocabulary.VERDICT)
    """Of a comparison: its answer."""
    decided_by = TextOfTag(vocabulary.DECIDED_BY)
    """Of a comparison: what decided it, in one line."""

    @property
    def is_sweep(self) -> bool:
        """Whether it is the run of a sweep, under which those of its children are nested."""
        return self.tags.get(vocabulary.KIND) == vocabulary.SWEEP_KIND

    @property
    def is_comparison(self) -> bool:
        """Whether it is a comparison of other runs."""
        return self.tags.get(vocabulary.KIND) == vocabulary.COMPARISON_KIND

    @property
    def is_mapping(self) -> bool:
        """Whether nothing was simulated: the network was only mapped to a machine."""
        return self.result == Status.MAPPED

    @property
    def is_dirty(self) -> bool:
        """Whether its code differed from the commit."""
        return self.tags.get(vocabulary.DIRTY) == "true"

    @property
    def made_with(self) -> dict[str, str]:
        """What the back end says of the simulation: ``machine``, ``integrator`` and the like."""
        return {key: value for key, value in self.tags.items() if "." not in key and key != vocabulary.DEGRADED}

    @property
    def input_files(self) -> tuple[InputFile, ...]:
        """The files that its settings named, with their hashes."""
        start = vocabulary.INPUT_FILE
        found = {key: text for key, text in self.tags.items() if key.startswith(start)}
        return tuple(InputFile.parse(key.removeprefix(start), text) for key, text in sorted(found.items()))

    @property
    def compared(self) -> tuple[str, str]:
        """Of a comparison: the ids of the runs A and B, the first of each side."""
        a, b = (self.tags.get(key, "") for key in vocabulary.COMPARED)
        return a, b

    @property
    def compared_runs(self) -> list[str]:
        """Of a comparison: the ids of all runs of both sides."""
        keys = (*vocabulary.COMPARED, *vocabulary.COMPARED_RUNS)
        return list(dict.fromkeys(" ".join(self.tags.get(key, "") for key in keys).split()))

    @property
    def best(self) -> str:
        """Of a search: the best point, with the value of the objective; ``""`` for any other run."""
        point, value = (self.tags.get(key, "") for key in (vocabulary.BEST, vocabulary.BEST_VALUE))
        return f"{value} at {point}" if value else point

    def artifacts(self) -> list[Path]:
        """Return the paths of all files of the run, sorted; [] if there are none on this machine."""
        if self.folder is None:
            return []
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def recording(self) -> "Recording":
        """Read the spikes and signals.

        Raises
        ------
        ConfigurationError
            The run has no recording (it failed, it is only a mapping, or the recording was pruned), or the file is
            broken.
        """
        from varesearch.recording_io import load_npz

        if self.pruned and not (self.folder and (self.folder / RECORDING_FILE).is_file()):
            raise ConfigurationError(
                f"run {self.run_id} ({self.name}): its recording was pruned on {self.pruned}; run it again, or "
                "choose another"
            )
        path = self._file(RECORDING_FILE, "recording")
        try:
            return load_npz(path)
        except ValueError as error:
            raise ConfigurationError(f"run {self.run_id[:8]} ({self.name}): {error}; choose another") from error

    def config(self) -> dict[str, Any]:
        """Read the resolved configuration. Raises ConfigurationError if the run has none."""
        return read_yaml(self._file(CONFIG_FILE, "configuration"))

    def log(self) -> str:
        """Read the log. Raises ConfigurationError if the run has none."""
        return self._file(LOG_FILE, "log").read_text(errors="replace")

    def _file(self, name: str, what: str) -> Path:
        if self.folder is not None:
            check_folder(self.folder)
        if self.folder is None or not (self.folder / name).is_file():
            raise ConfigurationError(f"run {self.run_id} ({self.name}, {self.status}) has no {what}; choose another")
        return self.folder / name


def check_folder(folder: Path) -> None:
    """Check every entry of a run's folder.

    Raises
    ------
    ConfigurationError
        There is a link to something outside of the folder, an entry that is neither a file nor a folder, or a file
        that is far larger than what a run writes.
    """
    top = folder.resolve()
    for entry in _entries(folder):
        path = Path(entry.path)
        what = None
        if entry.is_symlink():
            target = path.resolve()
            if target.is_relative_to(top) or not target.exists():
                continue
            what = "is a symbolic link to a file outside of the run's folder; put the file itself there"
        else:
            status = entry.stat(follow_symlinks=False)
            most = _MOST_BYTES.get(path.suffix)
            if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
                what = "is neither a file nor a folder; remove it"
            elif most is not None and stat.S_ISREG(status.st_mode) and status.st_size > most:
                what = f"has {status.st_size / _MB:,.0f} MB, but no run writes more than {most / _MB:,.0f}; remove it"
        if what is not None:
            raise ConfigurationError(f"{path}: {what}")


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    yield entry
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue  # removed meanwhile or not readable, so that nothing of it will be read


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a mapping from a YAML file of a run. Raises ConfigurationError for anything else, and for too many values.

    With aliases of aliases, a few hundred characters of YAML can stand for more values than fit into memory.
    """
    try:
        text = path.read_text(encoding="utf-8")
        _count(yaml.compose(text, Loader=yaml.SafeLoader), {}, ())
        return _mapping(yaml.safe_load(text))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise _broken(path, error) from None


def read_json(path: Path) -> dict[str, Any]:
    """Read a mapping from a JSON file of a run. Raises ConfigurationError for anything else."""
    try:
        return _mapping(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise _broken(path, error) from None


def tail(path: Path, lines: int = LOG_LINES) -> str:
    """Return the last lines of a text file of any size; ``""`` if it does not exist."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read(_TAIL_BYTES).decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:]).rstrip()


def _mapping(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"it holds a {type(value).__name__} where settings are expected")
    return dict(value)


def _count(node: yaml.Node | None, known: dict[int, int], above: tuple[int, ...]) -> int:
    """Return the number of values that a node stands for if all aliases are expanded."""
    if node is None:
        return 0
    if id(node) in above:
        raise ValueError("it refers to itself")
    if id(node) not in known:
        inside: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            inside = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            inside = node.value
        known[id(node)] = 1 + sum(_count(part, known, (*above, id(node))) for part in inside)
        if known[id(node)] > _MOST_NODES:
            raise ValueError(f"it stands for more than {_MOST_NODES:,} values")
    return known[id(node)]


def _broken(path: Path, error: Exception) -> ConfigurationError:
    nested = isinstance(error, RecursionError)
    reason = "it is nested too deeply" if nested else next(iter(str(error).splitlines()), "")
    return ConfigurationError(f"{path}: cannot be read as a file of a run ({reason})")
