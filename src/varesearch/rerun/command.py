"""``varesearch rerun``: a recorded run made again, and whether it came out the same, bit for bit."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from varesearch.backends.base import Backend
from varesearch.config.compose import Composed
from varesearch.config.errors import ConfigurationError
from varesearch.config.options import options_of
from varesearch.config.restore import OWN_MACHINE, MachineChoice, restore
from varesearch.network.model import Network
from varesearch.network.stored import NETWORK_FILE, load_network
from varesearch.preflight import check_given, prepare
from varesearch.rerun.differences import Differences, compare_runs
from varesearch.rerun.files import check_input_files
from varesearch.runner import run_in_store, say_ending
from varesearch.terminal import Terminal
from varesearch.tracking import LogCapture, RunRecord, load_run
from varesearch.tracking.location import locate_store
from varesearch.tracking.record import read_yaml
from varesearch.tracking.store import connect, one_line
from varesearch.tracking.tags import RERUN_OF, RERUN_OUTCOME

DIFFERENCES_FILE = "rerun.json"

_SHOWN_LINES = 12


def main(run: str, uri: str | None, machine: MachineChoice, config_dir: Path | None = None) -> int:
    """Run a recorded run again and return the exit code. Raises ConfigurationError if it cannot be run again."""
    with LogCapture() as capture:
        try:
            differences = rerun(load_run(run, uri), capture, uri, machine, config_dir)
        except ConfigurationError:
            raise
        except BaseException as error:
            return say_ending(error, capture)
    return 0 if differences.identical else 1


def rerun(
    original: RunRecord,
    capture: LogCapture,
    uri: str | None = None,
    machine: MachineChoice = OWN_MACHINE,
    config_dir: Path | None = None,
) -> Differences:
    """Run a recorded run again, compare the two, and show the outcome on the terminal.

    The new run has the id of the original as a tag, and its differences as ``rerun.json``.

    Parameters
    ----------
    original
        The recorded run.
    capture
        The log capture that is under way.
    uri
        The store of both runs; None: the project's.
    machine
        Whether the addresses in the record are used or replaced.
    config_dir
        The folder of the user's own parts, which the record cannot name.

    Raises
    ------
    ConfigurationError
        The run cannot be run again; nothing was tracked.
    BaseException
        Whatever stopped the new run.
    """
    terminal = Terminal(capture.terminal)
    composed, backend = recomposed(original, uri, machine, config_dir)
    store = [] if uri is None else ["--uri", uri]
    made_by = ("rerun", original.run_id, *machine.arguments(), *store, *options_of(config_dir))
    given = given_network(original, config_dir)
    if given is not None:
        check_given(given, backend)
    tags = {RERUN_OF: original.run_id}
    result, session = run_in_store(composed, backend, capture, terminal, made_by, tags, given)
    again = load_run(result.run_id, uri)
    differences = compare_runs(original, again)
    _keep(original, again, differences, uri)
    _show(terminal, original, again, differences)
    terminal.line(f"to see it: {session.how_to_open(again.run_id, result.folder)}")
    return differences


def recomposed(
    original: RunRecord, uri: str | None, machine: MachineChoice = OWN_MACHINE, config_dir: Path | None = None
) -> tuple[Composed, Backend]:
    """Return the configuration and the back end of a recorded run, to be run again.

    Raises ConfigurationError if the run cannot be run again.
    """
    _refuse(original)
    original.recording()  # so that a broken recording is found before the simulation, not after it
    # How a sweep was carried out, and where the run was kept, are not the run's own.
    resolved = {key: value for key, value in original.config().items() if key not in ("launcher", "sweeper")}
    resolved = machine.applied_to(resolved, config_dir)
    config = restore(resolved, own=True, config_dir=config_dir)  # its addresses are now those that the user has chosen
    name = f"rerun of {original.name}"
    tracking = dataclasses.replace(config.tracking, uri=uri, experiment=original.experiment, run_name=name)
    config = dataclasses.replace(config, tracking=tracking)
    check_input_files(original, config)
    backend = prepare(config, config_dir)
    resolved["tracking"] = dataclasses.asdict(tracking)
    overrides, choices = _overrides_and_choices(original)
    return Composed(config, resolved, overrides, choices, config_dir), backend


def given_network(original: RunRecord, config_dir: Path | None = None) -> Network | None:
    """Return the stored network of a run that a program made; None if the settings describe the network.

    Raises ConfigurationError if its file is missing or broken, or holds another network.
    """
    wanted = original.given_network
    if not wanted:
        return None
    what = f"run {original.run_id[:8]} ({original.name})"
    path = original.folder and original.folder / NETWORK_FILE
    if not path or not path.is_file():
        raise ConfigurationError(f"{what}: {NETWORK_FILE}, which holds its network, is missing; choose another run")
    try:
        network = load_network(path, config_dir)
    except ValueError as error:
        raise ConfigurationError(f"{what}: {error}; choose another run") from error
    if network.hash != wanted:
        raise ConfigurationError(f"{what}: {NETWORK_FILE} holds another network than the run had; choose another run")
    return network


def _refuse(original: RunRecord) -> None:
    what = f"run {original.run_id[:8]} ({original.name})"
    if original.is_comparison:
        raise ConfigurationError(f"{what} is a comparison; compare its runs again, or choose one of them")
    if original.is_sweep:
        raise ConfigurationError(f"{what} is a sweep; start it again with rerun=true, or choose one of its runs")
    if original.status != "FINISHED":
        raise ConfigurationError(f"{what} is {original.status}; choose a finished one")
    if original.is_mapping:
        raise ConfigurationError(f"{what} is a mapping only: it has no spikes to compare")


def _overrides_and_choices(original: RunRecord) -> tuple[tuple[str, ...], dict[str, str | None]]:
    path = original.folder and original.folder / "overrides.yaml"
    given: dict[str, Any] = read_yaml(path) if path and path.is_file() else {}
    return tuple(given.get("overrides") or ()), dict(given.get("choices") or {})


def _keep(original: RunRecord, again: RunRecord, differences: Differences, uri: str | None) -> None:
    assert again.folder is not None
    content = {"of": original.run_id, "identical": differences.identical, **dataclasses.asdict(differences)}
    path: Path = again.folder / DIFFERENCES_FILE
    path.write_text(json.dumps(content, indent=2) + "\n")
    where = locate_store(uri)
    client = connect(where)
    with one_line(where):
        client.set_tag(again.run_id, RERUN_OUTCOME, "identical" if differences.identical else "different")
        if where.is_http:
            client.log_artifact(again.run_id, str(path))


def _show(terminal: Terminal, original: RunRecord, again: RunRecord, differences: Differences) -> None:
    terminal.line(f"original  {original.run_id[:8]}  {original.name}")
    terminal.line(f"rerun     {again.run_id[:8]}")
    if differences.identical:
        terminal.line("IDENTICAL: network, spike trains, signals and metrics, bit for bit", style="bold")
    else:
        terminal.line("DIFFERENT", style="bold red")
    for what, lines in dataclasses.asdict(differences).items():
        for line in lines[:_SHOWN_LINES]:
            terminal.line(f"{what + ':':10}{line}")
        if len(lines) > _SHOWN_LINES:
            terminal.line(f"{what + ':':10}and {len(lines) - _SHOWN_LINES} more, see {DIFFERENCES_FILE} of the rerun")
        if not lines and what != "result":
            terminal.line(f"{what + ':':10}the same")
