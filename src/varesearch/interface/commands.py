"""The commands as functions: run, sweep, compare, and simulate for a network that a program made."""

import io
import warnings as python_warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from varesearch.config.compose import Composed, compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.plausibility import warnings
from varesearch.interface.results import Comparison, Run, Sweep
from varesearch.interface.showing import Quiet
from varesearch.interface.words import words_of
from varesearch.preflight import check_given, prepare
from varesearch.tracking.log import LogCapture
from varesearch.tracking.read import load_run

if TYPE_CHECKING:
    from varesearch.network.model import Network


def run(*overrides: str, config_dir: str | Path | None = None, **settings: Any) -> Run:
    """Run a network and track it, as ``varesearch run`` does.

    Parameters
    ----------
    *overrides
        Settings as on the command line: ``"cell.d=8"``, ``"experiment=va_coba"``.
    config_dir
        The folder of your own options and parts.
    **settings
        The same as Python values. A group takes the name of an option or a mapping of its settings:
        ``cell="izhikevich"``, ``connectivity={"p": 0.05}``, ``cell={"model": "izhikevich", "d": 8}``.

    Returns
    -------
    Run
        The tracked run, with metrics, spikes and figures.

    Raises
    ------
    ConfigurationError
        A setting is wrong, or this machine cannot make the run. The message is one line; nothing was tracked.
    Exception
        The error that ended the run, which is tracked as FAILED.

    Examples
    --------
    >>> import varesearch as va
    >>> run = va.run(connectivity={"n": 50}, simulation={"duration_ms": 100}, analysis={"warmup_ms": 0})
    >>> run.status
    <Status.FINISHED: 'FINISHED'>
    >>> len(run.spikes["exc"]) == run.metrics["exc.spike_count"]
    True
    """
    composed = _composed(overrides, settings, config_dir)
    return _tracked(composed)


def simulate(network: "Network", *overrides: str, config_dir: str | Path | None = None, **settings: Any) -> Run:
    """Simulate a network that a program made, and track it like any other.

    The network's arrays are stored with the run, so that it can be run again. The settings determine everything else:
    the back end, what is recorded and what is measured.

    Parameters
    ----------
    network
        The network, usually a drawn one that was changed with :func:`dataclasses.replace`.
    *overrides, config_dir, **settings
        As for :func:`run`; settings of the network itself are refused.

    Returns
    -------
    Run
        The tracked run.

    Raises
    ------
    ConfigurationError
        A setting is wrong, the network is not consistent, or the back end cannot simulate it. The message is one line.

    Examples
    --------
    >>> from dataclasses import replace
    >>> import varesearch as va
    >>> from varesearch.config.compose import compose
    >>> from varesearch.network import draw
    >>> drawn = draw(compose(["connectivity.n=50", "simulation.duration_ms=100"]).config)
    >>> exc, inh = drawn.populations
    >>> fast = replace(inh, cell=replace(inh.cell, a=0.1))
    >>> run = va.simulate(replace(drawn, populations=(exc, fast)), analysis={"warmup_ms": 0})
    >>> run.network_hash == drawn.hash
    False
    """
    from varesearch.interface.given import composed_for

    return _tracked(composed_for(network, words_of(overrides, settings), config_dir), network)


def sweep(*overrides: str, config_dir: str | Path | None = None, **settings: Any) -> Sweep:
    """Run a network for every combination of several values, as ``varesearch sweep`` does.

    Parameters
    ----------
    *overrides, config_dir, **settings
        As for :func:`run`, but a list gives several values: ``seed=[1, 2, 3]``, ``connectivity={"p": [0.02, 0.05]}``. A
        value that is itself a list is a list in a list: ``recording={"signals": [["v"]]}``.

    Returns
    -------
    Sweep
        The tracked sweep; it is FAILED if a run of it failed, and ``to_frame()`` says which.

    Raises
    ------
    ConfigurationError
        A setting of one of the runs is wrong; nothing was begun then.
    KeyboardInterrupt
        The sweep was interrupted; the same call resumes it.

    Examples
    --------
    >>> import varesearch as va
    >>> small = {"connectivity": {"n": 50}, "simulation": {"duration_ms": 100}, "analysis": {"warmup_ms": 0}}
    >>> sweep = va.sweep(seed=[1, 2], **small)
    >>> sweep.to_frame()["status"].tolist()
    ['FINISHED', 'FINISHED']
    """
    from varesearch.report import write_report
    from varesearch.sweeps.command import prepare as prepare_sweep
    from varesearch.sweeps.command import run_sweep
    from varesearch.sweeps.earlier_runs import parent_of
    from varesearch.tracking.run import StoreSession

    planned = prepare_sweep(words_of(overrides, settings, sweeps=True), _folder(config_dir), Quiet(LogCapture()))
    likely = [*planned.jobs, *planned.corners]
    _warn([job.composed for job in likely])
    code = run_sweep(planned, write_report, Quiet)
    if code > 128:
        raise KeyboardInterrupt
    tracking = planned.planner.settings.tracking
    session = StoreSession(tracking)
    session.open()
    parent = parent_of(session, planned.identity)
    if parent is None:
        raise RuntimeError(f"the sweep could not be tracked in {session.location.shown}")
    return Sweep(load_run(parent.run_id, tracking.uri))


def compare(a: Run | Sweep | str, b: Run | Sweep | str) -> Comparison:
    """Compare two runs, or two sweeps over the seed, as ``varesearch compare A B`` does.

    Parameters
    ----------
    a, b
        Two runs or sweeps of the project's store, or their ids or names.

    Returns
    -------
    Comparison
        The tracked comparison: a verdict for two runs of one model, the effects for two models.

    Raises
    ------
    ConfigurationError
        The two cannot be compared.

    Examples
    --------
    >>> import varesearch as va
    >>> small = {"connectivity": {"n": 50}, "simulation": {"duration_ms": 100}, "analysis": {"warmup_ms": 0}}
    >>> before, after = va.run(**small), va.run(cell={"d": 8}, **small)
    >>> comparison = va.compare(before, after)
    >>> comparison.verdict
    'not judged: two models'
    >>> frame = comparison.to_frame().set_index(["population", "metric"])
    >>> bool(frame.loc[("exc", "rate_hz"), "mean A"] == before.metrics["exc.rate_hz"])
    True
    """
    from varesearch.comparison.command import compare_recorded

    with LogCapture() as capture:
        capture.terminal = io.StringIO()  # the result shows itself
        made = compare_recorded(_id(a), _id(b), capture)
    return Comparison(load_run(made.run_id))


def _tracked(composed: Composed, network: "Network | None" = None) -> Run:
    from varesearch.runner import run_tracked

    if composed.config.dry_run:
        raise ConfigurationError("dry_run=true: only the command has a dry run; leave it out")
    backend = prepare(composed.config, composed.config_dir)
    if network is not None:
        check_given(network, backend)
    _warn([composed])
    with LogCapture(verbose=composed.config.verbose) as capture:
        made = run_tracked(composed, backend, capture, Quiet(capture), network)
    return Run(load_run(made.run_id, composed.config.tracking.uri))


def _composed(overrides: Sequence[str], settings: dict[str, Any], config_dir: str | Path | None) -> Composed:
    from varesearch.config.launching import refuse_sweep_settings

    words = words_of(overrides, settings)
    refuse_sweep_settings(words, "call va.sweep(...)")
    return compose(words, _folder(config_dir))


def _folder(config_dir: str | Path | None) -> Path | None:
    return None if config_dir is None else Path(config_dir).expanduser()


def _warn(composed: Sequence[Composed]) -> None:
    for line in warnings([each.config for each in composed]):
        python_warnings.warn(line, stacklevel=4)


def _id(side: Run | Sweep | str) -> str:
    return side if isinstance(side, str) else side.id
