"""Children as tasks of a ray cluster, or of a ray that is started on this machine for the sweep.

A node that can see the folder of the run works in it. To any other node the files of the folder are sent with the task,
and they return with its result. Only the sweep's process writes to the tracking store.
"""

import contextlib
import io
import os
import secrets
import signal
import socket
import tarfile
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from varesearch.config import ranges
from varesearch.config.errors import ConfigurationError
from varesearch.config.launching import Launcher
from varesearch.config.settings import quantity
from varesearch.sweeps.jobs import Assignment, ChildEnd, Work

_LOOK_S, _ANSWER_S = 0.5, 5.0
_ADDRESS = (
    "launcher.address is HOST:PORT or ray://HOST:PORT of a cluster, auto for the one that runs here, null: a new one"
)
_LOOPBACK_ONLY = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
_CANCELLED = "cancelled: the sweep was stopping"


@dataclass
class Ray(Launcher):
    """Each child a task of a ray cluster (extra: ray)."""

    workers: int | None = quantity(
        None, "", "tasks at once; null: as many as ray has processors", plausible=ranges.COUNT
    )
    address: str | None = quantity(None, "", "a ray cluster; null: one on this machine, for this sweep")

    addresses: ClassVar[tuple[str, ...]] = ("address",)

    def check(self) -> None:
        """Raise ConfigurationError without ray, and for an address where nobody answers."""
        if find_spec("ray") is None:
            raise ConfigurationError(
                "launcher=ray needs a package that is not installed: pip install 'varesearch[ray]'"
            )
        if self.address is not None:
            _check_address(self.address)

    @contextlib.contextmanager
    def started(self, preload: Collection[str]) -> Iterator[Callable[[Work], None]]:
        """Start ray on this machine, or connect to the cluster. Raises ConfigurationError if that fails.

        Ray's processes end with the thread that starts them, so it has to be one that stays.
        """
        with _connected(self):
            yield self._launch

    def _launch(self, work: Work) -> None:
        """Keep as many tasks under way as there are workers, and report those that ended, until nothing is left."""
        import ray

        most = self.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        task = ray.remote(num_cpus=1, max_calls=1, max_retries=0)(in_task)
        limits = (self.time_limit_s, self.memory_limit_mb)
        source = work.assignments()
        under_way: dict[Any, Assignment] = {}
        cancelled = False
        while True:
            for assignment in islice(source, most - len(under_way)):
                files = None if self.address is None else pack(assignment.folder)
                under_way[task.remote(assignment.folder, files, *limits, assignment.config_dir)] = assignment
            if not under_way:
                return
            if work.interrupted.is_set() and not cancelled:
                cancelled = True
                for reference in under_way:
                    ray.cancel(reference, force=False)
            done, _ = ray.wait(list(under_way), num_returns=1, timeout=_LOOK_S)
            for reference in done:
                assignment = under_way.pop(reference)
                work.ended(assignment, _end(reference, assignment, cancelled))


def in_task(
    folder: Path,
    files: bytes | None,
    time_limit_s: float | None,
    memory_limit_mb: float | None,
    config_dir: str | None,
) -> tuple[ChildEnd, bytes | None]:
    """Run a child in a task; return how it ended and, if the folder had to be sent, what is in it now."""
    from varesearch.sweeps.assignment import ASSIGNMENT_FILE
    from varesearch.sweeps.launchers._child import remove_end, run_alone

    if files is None or (folder / ASSIGNMENT_FILE).exists():
        end = run_alone(folder, time_limit_s, memory_limit_mb, config_dir)
        remove_end(folder)
        return end, None
    with tempfile.TemporaryDirectory(prefix="varesearch-") as name:
        own = Path(name)
        unpack(files, own)
        end = run_alone(own, time_limit_s, memory_limit_mb, config_dir)
        remove_end(own)
        return end, pack(own)


def _end(reference: Any, assignment: Assignment, cancelled: bool) -> ChildEnd:
    import ray
    from ray.exceptions import RayError, TaskCancelledError

    try:
        end, files = ray.get(reference)
    except TaskCancelledError:
        return ChildEnd(reason=_CANCELLED, killed=True)
    except RayError as error:
        # The rest of the message, of many lines, is about ray's own logs.
        first = next(iter(str(error).strip().splitlines()), "")
        return ChildEnd(reason=f"ray: {type(error).__name__}: {first}", killed=cancelled)
    if files is not None:
        unpack(files, assignment.folder)
    return end


@contextlib.contextmanager
def _connected(settings: Ray) -> Iterator[None]:
    """Connect to ray at the address, or start it on this machine; at the end stop what was started."""
    # ray reports its usage to its makers unless that is switched off.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if settings.address is None:
        # Read when ray is imported. With it, ray's processes listen only on loopback; without it they would listen on
        # all interfaces, since ray replaces _node_ip_address=127.0.0.1 by the machine's address in the network.
        os.environ.setdefault(_LOOPBACK_ONLY, "0")
    import ray

    options: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    with contextlib.ExitStack() as stack:
        if settings.address is not None:
            options["address"] = settings.address
        else:
            # Otherwise ray would make a token of its own and keep it in the user's home.
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
            # The path is short, since paths of sockets may have at most 107 characters. ray's own folders have mode
            # 777, so they are put into a folder that nobody else can enter.
            outer = stack.enter_context(tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True))
            folder = str(Path(outer) / "r")
            options |= {
                "address": "local",
                "num_cpus": settings.workers,
                "include_dashboard": False,
                "_node_ip_address": "127.0.0.1",
                "_temp_dir": folder,
            }
        stack.callback(ray.shutdown)
        on_sigterm = signal.getsignal(signal.SIGTERM)
        try:
            ray.init(**options)
        except (OSError, RuntimeError, ValueError) as error:
            first = next(iter(str(error).strip().splitlines()), type(error).__name__)
            where = "on this machine" if settings.address is None else f"at {settings.address}"
            raise ConfigurationError(f"launcher=ray: there is no ray {where}: {first}; {_ADDRESS}") from None
        finally:
            # ray replaces the handler.
            signal.signal(signal.SIGTERM, on_sigterm)
        yield


def _check_address(address: str) -> None:
    """Check that something listens at the address, since ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if address == "auto":
        return
    if not host or not port.isdigit():
        raise ConfigurationError(f"launcher.address={address} cannot be read; {_ADDRESS}")
    try:
        socket.create_connection((host, int(port)), _ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise ConfigurationError(f"launcher.address={address} does not answer ({error}); {_ADDRESS}") from None


def pack(folder: Path) -> bytes:
    """The files of a folder as an archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(folder, arcname=".")
    return packed.getvalue()


def unpack(packed: bytes, folder: Path) -> None:
    """Extract an archive of :func:`pack` into a folder."""
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        archive.extractall(folder, filter="data")
