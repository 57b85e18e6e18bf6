"""A run from beginning to end: draw the network, simulate, measure, plot, store, show.

:func:`_simulate_and_keep` does these steps in order. Around it are, from the outside to the inside: :func:`run`, the
command, which turns errors into exit codes; :func:`run_tracked`, which shows the run and where it is stored;
:func:`run_in_store`, which makes it a run of the store; and :func:`perform`, which checks the back end before anything
is tracked.
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.backends.base import Backend, Workspace
from varesearch.config.compose import Composed
from varesearch.config.errors import ConfigurationError
from varesearch.config.options import options_of
from varesearch.config.parts import Part, own_parts
from varesearch.config.plausibility import doubts
from varesearch.network import Network, draw
from varesearch.phases import Phases
from varesearch.recording import Recording
from varesearch.result import Result, Status
from varesearch.simulation import probe, simulate
from varesearch.terminal import Terminal
from varesearch.tracking.ending import TrackingError, ending
from varesearch.tracking.location import cache_folder
from varesearch.tracking.log import LogCapture

if TYPE_CHECKING:
    from varesearch.metrics import Analysis
    from varesearch.tracking.files import RunFiles
    from varesearch.tracking.run import StoreSession


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunResult:
    """A finished run. ``analysis`` is None if nothing was simulated (mapping only)."""

    run_id: str
    name: str
    folder: Path
    analysis: "Analysis | None"
    result: Result


def run(composed: Composed, backend: Backend) -> int:
    """Run a validated configuration, report the outcome on the terminal, and return the exit code.

    Raises ConfigurationError when what the run needs (a machine, the tracking store) is not there: nothing is built
    or tracked then.
    """
    with LogCapture(verbose=composed.config.verbose) as capture:
        try:
            run_tracked(composed, backend, capture)
        except ConfigurationError:
            raise
        except TrackingError as error:
            Terminal(capture.errors).line(f"varesearch: {error}")
            return 1
        except BaseException as error:
            return say_ending(error, capture)
    return 0


def say_ending(error: BaseException, capture: LogCapture) -> int:
    """Print in one line what stopped a run and where its log is. Return the exit code."""
    how = ending(error)
    where = f"; its files, with the log, are in {capture.path.parent}" if capture.path else ""
    Terminal(capture.errors).line(f"varesearch: {how.status}: {how.reason}{where}")
    return how.exit_code


def run_tracked(
    composed: Composed,
    backend: Backend,
    capture: LogCapture,
    terminal: Terminal | None = None,
    network: Network | None = None,
) -> RunResult:
    """Simulate, analyse and track one run, and show it.

    Parameters
    ----------
    composed
        Its configuration.
    backend
        That of the configuration, as :func:`varesearch.preflight.prepare` returns it.
    capture
        The log capture that is under way.
    terminal
        Where it is shown; None: on the terminal of the capture.
    network
        Is simulated instead of the one that the configuration describes; its arrays are kept with the run.

    Raises
    ------
    BaseException
        Whatever stopped it, once its end is tracked.
    """
    terminal = terminal or Terminal(capture.terminal)
    # The settings alone would make another network; only a rerun repeats the run.
    made_by = composed.command
    if network is not None:
        made_by = ("rerun", composed.config.tracking.run_name or network.hash[:12], *options_of(composed.config_dir))
    result, session = run_in_store(composed, backend, capture, terminal, made_by, given=network)
    terminal.line(f"run {result.run_id} FINISHED: {session.address(result.run_id, result.folder)}")
    terminal.line(f"to see it: {session.how_to_open(result.run_id, result.folder)}")
    return result


def run_in_store(
    composed: Composed,
    backend: Backend,
    capture: LogCapture,
    terminal: Terminal,
    made_by: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    given: Network | None = None,
) -> "tuple[RunResult, StoreSession]":
    """Carry out a run in the store of its configuration. Return the result and the store.

    ``made_by`` are the words of the command, by default those of the configuration; ``tags`` are further ones.
    """
    from varesearch.identity import identity_tags
    from varesearch.tracking.provenance import describe
    from varesearch.tracking.run import StoreSession, track

    session = StoreSession(composed.config.tracking)
    about = describe(composed, made_by, {**identity_tags(composed, given), **(tags or {})})

    def tracked_by(work: "Callable[[RunFiles], RunResult]") -> RunResult:
        return track(about, session, work, capture=capture)

    return perform(composed, backend, terminal, tracked_by, given), session


def perform(
    composed: Composed,
    backend: Backend,
    terminal: Terminal,
    tracked_by: "Callable[[Callable[[RunFiles], RunResult]], RunResult]",
    given: Network | None = None,
) -> RunResult:
    """Draw, simulate, measure and plot one run. Raises whatever stopped it.

    Parameters
    ----------
    backend
        That of the configuration, as :func:`varesearch.preflight.prepare` returns it.
    tracked_by
        Called when the back end has been checked, with the work to be done; it does the work as a tracked run.
    given
        The network to simulate instead of the one that the configuration describes.
    """
    phases = Phases()
    workspace = Workspace(cache=cache_folder(), tell=terminal.line, phases=phases)
    # Matplotlib's list of fonts would go to the user's home, which a run leaves alone.
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "matplotlib"))
    probe(backend, workspace)
    with ExitStack() as opening:
        # The time until the work begins.
        opening.enter_context(phases.phase("track"))

        def work(tracked: "RunFiles") -> RunResult:
            opening.close()
            return _simulate_and_keep(composed, backend, workspace, terminal, tracked, given)

        return tracked_by(work)


def _simulate_and_keep(
    composed: Composed,
    backend: Backend,
    workspace: Workspace,
    terminal: Terminal,
    tracked: "RunFiles",
    given: Network | None,
) -> RunResult:
    from varesearch.tracking import peak_memory_mb

    config, phases = composed.config, workspace.phases
    for doubt in doubts(config):
        log.warning("%s", doubt.text)
    tracked.log_own_parts(_parts(composed, given))
    with phases.phase("draw"):
        network = draw(config) if given is None else given
    tracked.log_network(network, arrays=given is not None)
    _show_head(terminal, composed, network)
    result = simulate(
        network,
        backend,
        replace(workspace, folder=tracked.folder),
        lambda: terminal.progress("simulating", network.duration_ms),
    )
    if result.recording is not None:
        # Before anything is judged or measured: a fault must not cost the simulation.
        with phases.phase("track"):
            tracked.log_recording(result.recording, config.tracking.neo)
    tracked.log_result(result)
    if result.status is Status.DEGRADED:
        log.warning("DEGRADED: %s", result.why_degraded)
    result.require_sound()
    analysis = None if result.recording is None else _study(result.recording, composed, tracked, phases)
    factor = None if result.recording is None else phases.times["simulate"].wall_s / (network.duration_ms / 1000.0)
    tracked.log_phases(phases.times, factor, peak_memory_mb(), result.inner_s)
    if not tracked.complete:
        # Shown before the line that says what was lost, which comes last.
        _show_result(terminal, analysis, phases, result)
        tracked.refuse_if_incomplete()
    _show_result(terminal, analysis, phases, result)
    return RunResult(tracked.run_id, tracked.name, tracked.folder, analysis, result)


def _parts(composed: Composed, given: Network | None) -> Iterator[type[Part]]:
    """Yield the parts of a run: those its settings choose, its cells, and all metrics and figures of the user's own."""
    chosen = (type(getattr(composed.config, group.name)) for group in fields(composed.config))
    yield from (part for part in chosen if issubclass(part, Part))
    yield from composed.config.structure.parts
    # A network that a program made may have cells that the settings do not name.
    yield from (type(population.cell) for population in (given.populations if given else ()))
    yield from (part for part in own_parts(composed.config_dir) if not part.key)


def _study(recording: Recording, composed: Composed, tracked: "RunFiles", phases: Phases) -> "Analysis":
    """Measure and plot the recording."""
    with phases.phase("import"):
        from varesearch.metrics import analyse
        from varesearch.metrics.weights import weight_metrics
        from varesearch.plots import figure_title, write_figures
    with phases.phase("analyse"):
        analysis = analyse(recording, composed.config.analysis, composed.config.seed, composed.config_dir)
        tracked.log_analysis(analysis)
        tracked.log_metrics(weight_metrics(recording), "weights")
    with phases.phase("plot"):
        title = figure_title(composed.config)
        with tracked.keeping("figures"):
            folder, settings = tracked.folder / "figures", composed.config.analysis
            write_figures(recording, settings, title, folder, composed.config_dir)
    return analysis


def _show_head(terminal: Terminal, composed: Composed, network: Network) -> None:
    config = composed.config
    sizes = " + ".join(f"{population.size:,} {population.name}" for population in network.populations)
    terminal.line(
        f"{config.structure.cell_names} on {config.backend.name}: {sizes} cells, {network.n_synapses:,} synapses, "
        f"{network.duration_ms:g} ms in steps of {network.dt_ms:g} ms, stimulus {config.structure.stimulus_names}, "
        f"seed {config.seed}, network {network.hash[:12]}"
    )


def _show_result(terminal: Terminal, analysis: "Analysis | None", phases: Phases, result: Result) -> None:
    if analysis is not None:
        from varesearch.metrics.values import SOURCE

        rows: dict[str, tuple[str, dict[str, float]]] = {}
        populations: list[str] = []
        of_sources: dict[str, list[str]] = {}
        for metric in analysis.metrics:
            if metric.population.startswith(SOURCE):
                shown = f"{metric.name} {metric.value:,.6g} {metric.unit}"
                of_sources.setdefault(metric.population.removeprefix(SOURCE), []).append(shown)
                continue
            rows.setdefault(metric.name, (metric.unit, {}))[1][metric.population] = metric.value
            if metric.population not in populations:
                populations.append(metric.population)
        terminal.metrics(populations, [(name, unit, values) for name, (unit, values) in rows.items()])
        for source, values in of_sources.items():
            terminal.line(f"source {source}: {', '.join(values)} (over the whole run)")
        for line in (*analysis.sampled(), *analysis.reasons()):
            terminal.line(line)
        if result.recording is not None and result.recording.weights:
            from varesearch.metrics.weights import weight_lines

            for line in weight_lines(result.recording):
                terminal.line(line)
    else:
        terminal.numbers(result.metrics)
    if result.status is Status.MAPPED:
        terminal.line("MAPPED: nothing was simulated", style="bold")
    for name, text in result.provenance.items():
        terminal.line(f"{name}: {text}")
    if result.status is Status.DEGRADED:
        terminal.line(f"DEGRADED: {result.why_degraded}", style="bold red")
    terminal.phases(phases.times)
