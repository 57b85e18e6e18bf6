"""A session of benchmarks: cases, each measured some times in processes of their own; read and kept as JSON."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from varesearch.config.errors import ConfigurationError
from varesearch.phases import PhaseTime
from varesearch.tracking.location import STORE_FOLDER
from varesearch_tools.benchmarks.measured import Measured

SESSIONS = Path(STORE_FOLDER) / "benchmarks"
"""Where sessions are stored, below the project's root."""

_STORED = re.compile(r"_\d{8}_\d{6}(?=[_.])")
"""Date and time in the name of a file that pytest-benchmark saved by itself."""


@dataclass(frozen=True)
class Case:
    """What is measured. ``key`` is unique in a session and the same in all sessions.

    ``network`` a preset, ``cells`` its size; ``program`` who wrote the code (``varesearch``: the harness from Python,
    ``command``: its whole command; ``brian2``, ``nest``: native scripts; ``notebook``: the original notebook);
    ``simulator`` what runs it (``brian2_numpy``, ``nest_2``, ``board``, ...); ``cache`` whether code that was compiled
    before is there (``cold``, ``warm``; ``none``: nothing is kept); ``with_v``: v of all cells is recorded, as the
    seed does, else spikes only; ``yardstick``: the key of the baseline of the same session it is divided by.
    """

    key: str
    network: str
    cells: int
    program: str
    simulator: str
    cache: str
    duration_ms: float
    with_v: bool
    yardstick: str | None


@dataclass(frozen=True)
class Repetition:
    """One process: what it measured inside, and what it took as a whole, interpreter and imports included."""

    measured: Measured
    process: PhaseTime


@dataclass(frozen=True)
class Result:
    """A case with its repetitions, one or more."""

    case: Case
    repetitions: tuple[Repetition, ...]


@dataclass(frozen=True)
class BenchmarkSession:
    """``when`` is ISO 8601 in UTC; ``commit`` the checkout's, None if unknown; ``dirty``: files differed from it.

    ``machine`` holds ``processor``, ``cores``, ``memory_gb``, ``system`` and ``load``, the processes that wanted to run
    in the last 15 minutes (about 1 where nothing else is at work); ``versions`` package -> version;
    ``seconds`` the wall time of the whole session.
    """

    when: str
    commit: str | None
    dirty: bool
    machine: dict[str, Any]
    versions: dict[str, str]
    results: dict[str, Result]

    @property
    def seconds(self) -> float:
        """Wall seconds of all measured processes together."""
        return sum(repetition.process.wall_s for r in self.results.values() for repetition in r.repetitions)

    @property
    def name(self) -> str:
        """Short: when and of which commit."""
        return f"{self.when[:16].replace('T', ' ')} {(self.commit or 'no commit')[:8]}{'+' if self.dirty else ''}"

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers, rounded to four digits: they carry no more."""
        content = {**asdict(self), "results": [asdict(result) for result in self.results.values()]}
        return _rounded(content)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """From :meth:`to_json`. Raises KeyError or TypeError for anything else."""
        results = [_result(entry["case"], entry["repetitions"]) for entry in content["results"]]
        return cls(**{**content, "results": {result.case.key: result for result in results}})


def load_session(path: Path) -> BenchmarkSession:
    """A session that pytest-benchmark has stored. Raises ConfigurationError if the file is none."""
    try:
        content = json.loads(path.read_text())
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}); name a stored session") from error
    except ValueError as error:
        raise ConfigurationError(f"{path}: is no JSON ({error}); name a stored session") from error
    return read_session(content, str(path))


def read_session(content: Mapping[str, Any], source: str) -> BenchmarkSession:
    """A session from the content of pytest-benchmark's JSON; ``source`` says where it came from, for messages.

    Raises ConfigurationError if it is not one of ours, or without a case.
    """
    try:
        entries = [entry["extra_info"] for entry in content["benchmarks"] if "case" in entry["extra_info"]]
        results = [_result(entry["case"], entry["repetitions"]) for entry in entries]
        info, commit = content["machine_info"]["varesearch"], content["commit_info"]
        session = BenchmarkSession(
            content["datetime"],
            commit.get("id"),
            bool(commit.get("dirty")),
            info["machine"],
            info["versions"],
            {result.case.key: result for result in results},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{source}: is no session of benchmarks ({error!r}); name another") from error
    if not session.results:
        raise ConfigurationError(f"{source}: a session without a case; name another")
    return session


def stored_sessions(folder: Path) -> list[Path]:
    """The sessions below ``folder``, the oldest first, by the time that pytest-benchmark puts into their names.

    Raises ConfigurationError if there are none.
    """
    named = {path: _STORED.search(path.name) for path in folder.glob("**/*.json")}
    found = sorted((when.group(), path) for path, when in named.items() if when is not None)
    if not found:
        raise ConfigurationError(f"{folder}: no session is stored there; make bench measures one")
    return [path for _, path in found]


def _result(case: Mapping[str, Any], repetitions: Iterable[Mapping[str, Any]]) -> Result:
    found = tuple(
        Repetition(Measured.from_json(entry["measured"]), PhaseTime(**entry["process"])) for entry in repetitions
    )
    if not found:
        raise ValueError(f"case {case.get('key')} has no repetition")
    return Result(Case(**case), found)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(inner) for inner in value]
    if isinstance(value, float):
        return float(f"{value:.4g}") if abs(value) < 1e4 else float(round(value))
    return value
