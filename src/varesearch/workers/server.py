"""The server's process: it imports once, then forks a supervisor for every task that arrives.

The server stays single-threaded. A thread that is alive when its process forks does not exist in the fork, and a lock
that it held stays locked for ever; therefore a preload that leaves a thread running is refused.
"""

import gc
import importlib
import os
import pkgutil
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from varesearch.workers.messages import send
from varesearch.workers.processes import adopt_orphans, dying_with
from varesearch.workers.supervisor import refuse, supervise


def main(control_fd: int, client_pid: int, preload: Sequence[str]) -> None:
    """Serve until the client closes its end of the control socket or ends."""
    control = socket.socket(fileno=control_fd)
    control.set_inheritable(False)
    client = os.pidfd_open(client_pid)
    # The server is in a session of its own; a Ctrl-C on the terminal is for the client only.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    # During its imports this process cannot watch the client, so the kernel ends it together with the client. (The
    # client's thread that started it is waiting meanwhile.)
    with dying_with(client_pid):
        _preload(control, preload)
    adopt_orphans()
    # The kernel reaps supervisors that have ended. This is set after the imports, which may wait for child processes.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    send(control, {"ready": os.getpid()})
    _serve(control, client)


def _preload(control: socket.socket, preload: Sequence[str]) -> None:
    for name in preload:
        try:
            _load(name)
        except Exception as error:
            send(control, {"error": f"{name} cannot be loaded before the fork: {type(error).__name__}: {error}"})
            raise
    gc.freeze()


def _serve(control: socket.socket, client: int) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        selector.register(client, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if client in ready:
                return
            byte, descriptors, _, _ = socket.recv_fds(control, 1, 1)
            if not byte:
                return
            _fork(control, client, descriptors[0])


def _load(name: str) -> None:
    """Import ``module``, or call ``module:function``; raise RuntimeError if a thread stays behind."""
    if ":" in name:
        pkgutil.resolve_name(name)()
    else:
        importlib.import_module(name)
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1:
        raise RuntimeError(f"it leaves {threads - 1} threads running, and a fork is not safe then")


def _fork(control: socket.socket, client: int, descriptor: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    server = os.getpid()
    with socket.socket(fileno=descriptor) as channel:
        try:
            pid = os.fork()
        except OSError as error:
            refuse(channel, error)
            return
        if pid == 0:
            code = 1
            try:
                control.close()
                supervise(channel, client, server)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
