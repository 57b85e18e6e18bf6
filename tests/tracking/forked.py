"""Runs that are to be killed, each in a process of its own, forked from one that has imported MLflow once.

``python forked.py CASES.json`` runs the cases in turn and prints their results as JSON. A case is a dict:

* ``name``, ``root`` (the project's folder), ``does`` (a function of this file, default ``run``);
* ``at``: name of a phase -> names of the signals to send when the run is in it;
* ``count``: how many processes at once (default 1), ``uri`` (tracking.uri), ``setup`` (a function of this file that
  is called first in the child).

A result is a list, one for each process, of dicts ``exit`` (negative: the signal), ``out`` and ``err`` (what the
terminal saw) and ``seconds``.
"""

import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from varesearch.backends.brian2 import Brian2Settings
from varesearch.config.compose import Composed
from varesearch.config.plain import as_plain
from varesearch.config.schema import Config, TrackingConfig
from varesearch.config.values import Constant
from varesearch.metrics import Analysis, Metric, Undefined
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.model.rules.fixed_probability import FixedProbability
from varesearch.model.stimuli.none import NoStimulus
from varesearch.network.model import Network, Population
from varesearch.phases import Phases
from varesearch.recording import PopulationRecording, Recording
from varesearch.signals import ONE_REQUEST_S
from varesearch.tracking import Description, LogCapture, StoreSession, describe, ending, track
from varesearch.tracking.files import RunFiles

PHASES = ("open", "draw", "build", "simulate", "analyse", "end")


def config(uri: str | None = None, **tracking: Any) -> Config:
    """The configuration of a small run."""
    return Config(
        cell=Izhikevich(),
        connectivity=FixedProbability(n=10, weight_exc=Constant(1.0), weight_inh=Constant(2.5)),
        stimulus=NoStimulus(),
        backend=Brian2Settings(),
        tracking=TrackingConfig(uri=uri, **tracking),
    )


def network() -> Network:
    """Ten cells without a synapse."""
    initial = {"v": np.full(10, -65.0), "u": np.full(10, -14.0)}
    return Network(1.0, 100, 1, (Population("exc", 10, Izhikevich(), initial),), (), (), ())


def analysis() -> Analysis:
    """One metric of each kind."""
    return Analysis((Metric("rate_hz", "exc", 7.25, "Hz"),), (Undefined("cv_isi", "exc", "no cell has 5 intervals"),))


def described(settings: Config, *overrides: str) -> Description:
    """The description of a run with these settings."""
    return describe(Composed(settings, as_plain(settings), overrides, {"cell": "izhikevich"}))


def run_once(root: Path, uri: str | None = None) -> RunFiles:
    """A run in this process, outside a log capture. Raises what the tracker raises."""
    settings = config(uri)

    def work(run: RunFiles) -> RunFiles:
        run.log_network(network())
        run.log_analysis(analysis())
        return run

    return track(described(settings), StoreSession(settings.tracking, root), work)


def tracked(case: dict[str, Any], reached: Callable[[str], None], during: Callable[[RunFiles], None]) -> int:
    """A whole run, as the program does it: its exit code."""
    settings = config(case.get("uri"))
    about = described(settings, "cell=izhikevich", "connectivity.n=10", "seed=3")
    phases = Phases()

    def work(run: RunFiles) -> str:
        print("python says hello")
        os.system("echo the child says hello; echo and complains 1>&2")
        with phases.phase("draw"):
            reached("draw")
            run.log_network(network())
        with phases.phase("build"):
            reached("build")
        with phases.phase("simulate"):
            reached("simulate")
            during(run)
        with phases.phase("analyse"):
            run.log_analysis(analysis())
            reached("analyse")
        run.log_phases(phases.times, 1.5, 100.0, {"kernel": 0.01})
        run.set_tags({"machine": "none"})
        return run.run_id

    with LogCapture() as capture:
        try:
            run_id = track(about, StoreSession(settings.tracking, Path(case["root"])), work, capture=capture)
            print(f"FINISHED {run_id}", file=capture.terminal)
        except BaseException as error:
            how = ending(error)
            print(f"{how.status} {how.reason}", file=capture.errors)
            return how.exit_code
    return 0


def run(case: dict[str, Any], reached: Callable[[str], None]) -> int:
    """A run in which nothing happens."""
    return tracked(case, reached, lambda _: None)


def fail(case: dict[str, Any], reached: Callable[[str], None]) -> int:
    """A run whose simulation raises."""

    def during(_: RunFiles) -> None:
        raise RuntimeError("the simulator has lost its way")

    return tracked(case, reached, during)


def close_slowly(case: dict[str, Any], reached: Callable[[str], None]) -> int:
    """A run whose simulator takes its time to close."""

    def during(_: RunFiles) -> None:
        try:
            reached("running")
        finally:
            time.sleep(1.2 * ONE_REQUEST_S)
            reached("closing")
            print("closed")

    return tracked(case, reached, during)


def disk_full(case: dict[str, Any], reached: Callable[[str], None]) -> int:
    """A run that cannot write another byte to any file from the analysis on."""

    def reached_then_full(phase: str) -> None:
        reached(phase)
        if phase == "analyse":
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    return tracked(case, reached_then_full, lambda _: None)


def lose_store(case: dict[str, Any], reached: Callable[[str], None]) -> int:
    """A run during which the store becomes unreadable."""

    def during(run: RunFiles) -> None:
        database = Path(case["root"]) / "mlruns" / "mlflow.db"
        content = database.read_bytes()
        database.with_suffix(".kept").write_bytes(content)
        database.write_bytes(b"not a database " * 1000)

    return tracked(case, reached, during)


def write_recording(case: dict[str, Any], reached: Callable[[str], None]) -> int:
    """A run that reaches ``rename`` when its recording is written, but does not have its name yet."""
    rename = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if target.name == "recording.npz":
            reached("rename")
        return rename(self, target)

    Path.replace = replace  # type: ignore[method-assign]
    spikes = PopulationRecording("exc", 8, np.zeros(0, np.int32), np.zeros(0), {})
    return tracked(case, reached, lambda run: run.log_recording(Recording(1.0, 200.0, {"exc": spikes})))


def many(case: dict[str, Any], reached: Callable[[str], None]) -> int:
    """Twenty runs in one process."""
    codes = {run(case, reached) for _ in range(20)}
    assert codes == {0}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    return 0


def as_anybody() -> None:
    """Give up, if root, the privilege to write what the permissions forbid (capabilities(7), CAP_DAC_OVERRIDE)."""
    if os.getuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then the upper halves
    assert libc.capget(header, sets) == 0
    sets[0] &= ~(1 << 1)
    assert libc.capset(header, sets) == 0


def repair_store(case: dict[str, Any], _: Callable[[str], None]) -> int:
    """What ``lose_store`` has kept."""
    database = Path(case["root"]) / "mlruns" / "mlflow.db"
    database.with_suffix(".kept").replace(database)
    return 0


def forbid_writing(case: dict[str, Any], _: Callable[[str], None]) -> int:
    """Take away every permission to write to the store."""
    folder = Path(case["root"]) / "mlruns"
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return 0


def _announce_store_calls(reached: Callable[[str], None]) -> None:
    from mlflow import MlflowClient

    create, terminate = MlflowClient.create_run, MlflowClient.set_terminated
    own: set[str] = set()

    def create_run(self: MlflowClient, *arguments: Any, **options: Any) -> Any:
        created = create(self, *arguments, **options)
        own.add(created.info.run_id)
        reached("open")
        return created

    def set_terminated(self: MlflowClient, run_id: str, *arguments: Any, **options: Any) -> None:
        if run_id in own:
            reached("end")
        terminate(self, run_id, *arguments, **options)

    MlflowClient.create_run, MlflowClient.set_terminated = create_run, set_terminated


def _child(case: dict[str, Any], files: tuple[Path, Path], to_parent: int, go: int) -> int:
    for descriptor, path in enumerate(files, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL)
    if "setup" in case:
        globals()[case["setup"]]()

    let_go = os.fdopen(go)

    def reached(phase: str) -> None:
        if phase in case.get("at", {}):
            os.write(to_parent, f"{phase}\n".encode())
            # A signal ends this wait with its exception or, where it is kept for later, the parent does.
            for line in let_go:
                if line.strip() == phase:
                    return

    _announce_store_calls(reached)
    return globals()[case.get("does", "run")](case, reached)


def _start(case: dict[str, Any], number: int) -> tuple[int, int, int, tuple[Path, Path]]:
    folder = Path(case["root"])
    files = (folder / f"{case['name']}.{number}.out", folder / f"{case['name']}.{number}.err")
    from_child, to_parent = os.pipe()
    go, let_go = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            os.close(from_child)
            os.close(let_go)
            code = _child(case, files, to_parent, go)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    os.close(to_parent)
    os.close(go)
    return pid, from_child, let_go, files


def _conduct(case: dict[str, Any]) -> list[dict[str, Any]]:
    began = time.monotonic()
    started = [_start(case, number) for number in range(case.get("count", 1))]
    results = []
    for pid, from_child, let_go, files in started:
        with os.fdopen(from_child) as announcements:
            for line in announcements:
                for name in case.get("at", {})[line.strip()]:
                    os.kill(pid, getattr(signal, name))
                    time.sleep(0.05)
                if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                    os.write(let_go, line.encode())
        _, status = os.waitpid(pid, 0)
        os.close(let_go)
        results.append(
            {
                "exit": os.waitstatus_to_exitcode(status),
                "out": files[0].read_text(),
                "err": files[1].read_text(),
                "seconds": time.monotonic() - began,
            }
        )
    return results


def main(path: str) -> None:
    """Conduct the cases of a file."""
    os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_CONFIGURE_LOGGING="false")
    # Imported, but no store opened: connections do not survive a fork.
    importlib.import_module("mlflow.store.tracking.sqlalchemy_store")
    gc.freeze()
    cases = json.loads(Path(path).read_text())
    print(json.dumps({case["name"]: _conduct(case) for case in cases}))


if __name__ == "__main__":
    main(sys.argv[1])
