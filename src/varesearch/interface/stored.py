"""The runs in the tracking store: found by their settings, and shown as a table."""

import html
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from varesearch.config.options import DISCRIMINATORS
from varesearch.interface.results import Comparison, Run, Sweep, kind_of
from varesearch.interface.words import words_of
from varesearch.tracking.read import is_equal, load_run
from varesearch.tracking.read import runs as stored_runs
from varesearch.tracking.record import RunRecord

if TYPE_CHECKING:
    import pandas as pd


class Runs:
    """Runs of networks in the store, the newest first. The store is read when they are needed.

    Iterating gives :class:`~varesearch.interface.results.Run` objects.
    """

    def __init__(self, experiment: str | None, uri: str | None, wanted: tuple[tuple[str, str], ...] = ()) -> None:
        self._experiment, self._uri, self._wanted = experiment, uri, wanted
        self._read: list[RunRecord] | None = None

    def filter(self, **settings: Any) -> "Runs":
        """Only the runs with these settings, written as for :func:`~varesearch.interface.commands.run`.

        Parameters
        ----------
        **settings
            Setting -> value. A group means its option: ``backend="nest"``.

        Returns
        -------
        Runs
            Those that have all of these settings, and all those of earlier filters.

        Examples
        --------
        >>> import varesearch as va
        >>> small = {"connectivity": {"n": 50}, "simulation": {"duration_ms": 100}, "analysis": {"warmup_ms": 0}}
        >>> ours = [va.run(seed=seed, **small) for seed in (1, 2)]
        >>> [run.id == ours[1].id for run in va.runs().filter(seed=2, backend="brian2")]
        [True]
        """
        pairs = (word.partition("=") for word in words_of((), settings))
        named = ((f"{key}.{DISCRIMINATORS[key]}" if key in DISCRIMINATORS else key, value) for key, _, value in pairs)
        more = tuple((key, value.strip("'")) for key, value in named)
        return Runs(self._experiment, self._uri, (*self._wanted, *more))

    @property
    def records(self) -> list[RunRecord]:
        """The runs as the store knows them."""
        if self._read is None:
            # The store compares texts; a number may be written in several ways (2 and 2.0), so it is compared here.
            texts = [is_equal(f"params.`{key}`", value) for key, value in self._wanted if _number(value) is None]
            found = stored_runs(self._experiment, self._uri, condition=" and ".join(texts))
            networks = (record for record in found if not record.is_sweep and not record.is_comparison)
            self._read = [record for record in networks if self._fits(record)]
        return self._read

    def _fits(self, record: RunRecord) -> bool:
        params = record.params
        return all(params.get(key) == text or _same_number(params.get(key), text) for key, text in self._wanted)

    def __iter__(self) -> Iterator[Run]:
        return (Run(record) for record in self.records)

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: int) -> Run:
        return Run(self.records[index])

    def to_frame(self) -> "pd.DataFrame":
        """A row for each run: how it ended, its settings and its metrics; the index is the run's id."""
        import pandas as pd

        rows = [
            {
                "name": record.name,
                "status": record.status,
                "result": record.result,
                "started": datetime.fromtimestamp(record.start_ms / 1000, UTC),
                **record.params,
                **record.metrics,
            }
            for record in self.records
        ]
        frame = pd.DataFrame(rows, index=pd.Index([record.run_id for record in self.records], name="run_id"))
        for column in {key for record in self.records for key in record.params}:
            numbers = [_number(record.params.get(column)) for record in self.records]
            if all(number is not None for number in numbers):
                frame[column] = numbers
        return frame

    def __repr__(self) -> str:
        return f"<{len(self)} runs>"

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        shown = frame[[column for column in frame if not str(column).startswith(("phase.", "network."))]]
        return f"<p>{html.escape(repr(self)[1:-1])}</p>{shown.to_html(max_rows=20, max_cols=12)}"


def runs(experiment: str | None = None, uri: str | None = None) -> Runs:
    """The runs of networks in the tracking store.

    Parameters
    ----------
    experiment
        The name of the MLflow experiment (``tracking.experiment``); None: all of them.
    uri
        Another store, as in ``tracking.uri``.

    Returns
    -------
    Runs
        The newest first.

    Examples
    --------
    >>> import varesearch as va
    >>> run = va.run(connectivity={"n": 50}, simulation={"duration_ms": 100}, analysis={"warmup_ms": 0})
    >>> frame = va.runs().filter(backend="brian2", connectivity={"n": 50}).to_frame()
    >>> frame.loc[run.id, "exc.rate_hz"] == run.metrics["exc.rate_hz"]
    np.True_
    """
    return Runs(experiment, uri)


def load(id_or_name: str, uri: str | None = None) -> "Run | Sweep | Comparison":
    """A run, sweep or comparison in the store.

    Parameters
    ----------
    id_or_name
        Its id, the first characters of its id, or its name.
    uri
        Another store, as in ``tracking.uri``.

    Raises
    ------
    ConfigurationError
        There is none, or the first characters fit several.

    Examples
    --------
    >>> import varesearch as va
    >>> small = {"connectivity": {"n": 50}, "simulation": {"duration_ms": 100}, "analysis": {"warmup_ms": 0}}
    >>> run = va.run("tracking.run_name=small", **small)
    >>> va.load("small").metrics == va.load(run.id[:8]).metrics == run.metrics
    True
    """
    record = load_run(id_or_name, uri)
    return kind_of(record)(record)  # type: ignore[return-value]


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _same_number(one: str | None, other: str) -> bool:
    return _number(one) is not None and _number(one) == _number(other)
