"""A SLURM cluster of one node on this machine: munged, slurmctld and slurmd from Debian's packages, loopback only."""

import contextlib
import getpass
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

_DAEMONS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel")
_START_S = 60.0

_CONFIGURATION = """\
ClusterName=varesearch
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=1000
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
ReturnToService=2
KillWait=5
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={processors} RealMemory={memory_mb} State=UNKNOWN
PartitionName=local Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


class LocalSlurm:
    """Its daemons run while it is entered. ``environment`` makes SLURM's commands speak to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf")}
        self._daemons: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "LocalSlurm":
        # Debian keeps the daemons where only root looks.
        os.environ["PATH"] += f"{os.pathsep}/usr/sbin{os.pathsep}/sbin"
        missing = [name for name in _DAEMONS if shutil.which(name) is None]
        if missing:
            raise RuntimeError(
                f"{', '.join(missing)}: not installed; as root: apt-get install slurmctld slurmd slurm-client munge"
            )
        self._configure()
        try:
            self._start("munged", "--foreground", *self._munge_options())
            self.controller = self._start("slurmctld", "-D", "-c")
            self._start("slurmd", "-D")
            self._wait_for_node()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for daemon in reversed(self._daemons):
            daemon.terminate()
        for daemon in self._daemons:
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(10)
            daemon.kill()
            daemon.wait()

    def ask(self, *command: str) -> str:
        """What one of SLURM's commands prints."""
        done = subprocess.run(
            command, env={**os.environ, **self.environment}, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def running(self) -> list[str]:
        """Ids of the jobs that run."""
        return self.ask("squeue", "--noheader", "--array", "--states=RUNNING", "--format=%i").split()

    def live(self) -> list[str]:
        """Ids of the jobs that wait, run, or are just ending."""
        return self.ask("squeue", "--noheader", "--array", "--format=%i").split()

    def jobs(self) -> list[str]:
        """Ids of all jobs that it remembers (those of the last minutes)."""
        return self.ask("squeue", "--noheader", "--array", "--states=all", "--format=%i").split()

    @contextlib.contextmanager
    def unreachable(self) -> Iterator[None]:
        """The controller does not answer."""
        self.controller.terminate()
        self.controller.wait(30)
        try:
            yield
        finally:
            self._daemons.remove(self.controller)
            self.controller = self._start("slurmctld", "-D")
            self._wait_for_node()

    def _configure(self) -> None:
        host = socket.gethostname().partition(".")[0]
        for name in ("state", "spool"):
            (self._folder / name).mkdir(parents=True)
        (self._folder / "slurm.conf").write_text(
            _CONFIGURATION.format(
                folder=self._folder,
                host=host,
                user=getpass.getuser(),
                controller_port=_free_port(),
                node_port=_free_port(),
                processors=os.cpu_count(),
                memory_mb=int(0.9 * psutil.virtual_memory().total / 2**20),
            )
        )
        key = self._folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)

    def _munge_options(self) -> list[str]:
        names = {"key-file": "munge.key", "socket": "munge.socket", "pid-file": "munged.pid", "seed-file": "munge.seed"}
        # The folders above may be open to others: these are the keys of a test.
        return ["--force", *(f"--{option}={self._folder / name}" for option, name in names.items())]

    def _start(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self._folder / f"{command[0]}.out").open("ab") as output:
            daemon = subprocess.Popen(
                command,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._daemons.append(daemon)
        return daemon

    def _wait_for_node(self) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            with contextlib.suppress(subprocess.CalledProcessError):
                if self.ask("sinfo", "--noheader", "--format=%T").strip() in ("idle", "mixed", "allocated"):
                    return
            time.sleep(0.2)
        outputs = [path.read_text()[-2000:] for path in self._folder.glob("*.out")]
        raise RuntimeError("the cluster has not come up: " + "\n".join(outputs))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
