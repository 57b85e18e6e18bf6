"""Replays a network's run on the software board in one process, from the moment at which its cores start.

A host loads the network as it always does; when it sends the signal that starts the simulation, the board stops
listening, and every measurement is made in a fork of that state. So variants of the board run the same work from the
same bits, and the state after it can be compared.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from varesearch.board import layout
from varesearch.board.layout import Signal
from varesearch.board.server import AddressError, Server, Settings

CYCLES_PER_MS = 200_000
QUANTA_PER_MS = 100
_FREE_ADDRESSES = range(200, 250)


@dataclass(frozen=True)
class Replay:
    """One replay: CPU and wall seconds, instructions of all cores, those of them in translated code, hash of the state."""

    cpu_s: float
    wall_s: float
    instructions: int
    translated: int
    resident_mb: float
    state: str


def loaded_board(overrides: list[str], folder: Path, version: int = 3, threads: int = 1) -> Server:
    """A board on which a network waits for its start.

    :param overrides: of ``python -m varesearch``
    :param folder: for the run's own store
    :raises RuntimeError: the host ended before it started the network
    """
    server = _server(version, threads)
    address = server.settings.address
    command = [sys.executable, "-m", "varesearch", "backend=spinnaker", "backend.machine=board", *overrides]
    command += [f"backend.machine_name={address}", f"backend.version={version}"]
    environment = {**os.environ, "VARESEARCH_ROOT": str(folder)}
    with (folder / "host.log").open("w") as log:
        host = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    assert server.monitor is not None
    applications = server.monitor.applications
    send = applications.signal

    def signal(number: int, app_id: int, app_mask: int) -> None:
        send(number, app_id, app_mask)
        if number == Signal.SYNC0:
            server.stop()

    applications.signal = signal
    watch = time.monotonic
    serve, last = server._serve, [watch()]  # noqa: SLF001 - the benchmark looks inside

    def serve_and_watch(monitor: object) -> float:
        if watch() - last[0] > 1 and host.poll() is not None:
            raise RuntimeError(f"the host ended too early; see {folder / 'host.log'}")
        return serve(monitor)  # type: ignore[arg-type]

    server._serve = serve_and_watch  # type: ignore[method-assign]  # noqa: SLF001
    try:
        server.run()
    finally:
        host.terminate()
        host.wait()
    return server


def _server(version: int, threads: int) -> Server:
    for number in _FREE_ADDRESSES:
        try:
            return Server(Settings(version, f"127.0.0.{number}", threads=threads))
        except AddressError:
            continue
    raise RuntimeError("no loopback address is free")


def state_of(server: Server) -> str:
    """Hash of all memories and registers."""
    assert server.monitor is not None
    machine = server.monitor.machine
    core, digest = machine.core, hashlib.sha256()
    for chip in range(len(machine.chips)):
        digest.update(core.sysram(chip))
        digest.update(core.sdram(chip))
        for number in range(1, layout.CORES):
            if core.statistics(chip, number)["instructions"]:
                for memory in core.tcm(chip, number):
                    digest.update(memory)
                counts = {k: v for k, v in core.statistics(chip, number).items() if k != "translated"}
                digest.update(repr((core.registers(chip, number), counts)).encode())
    digest.update(str((core.cycles, core.router_hops)).encode())
    return digest.hexdigest()[:16]


def replay(server: Server, ms: int, prepare: Callable[[Server], None] | None = None, hashed: bool = True) -> Replay:
    """Runs the loaded network for so many milliseconds in a fork; `prepare` is called in it first.

    :raises RuntimeError: the fork died
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            result = _run(server, ms, prepare, hashed)
            os.write(write, json.dumps(result).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    if not answer:
        raise RuntimeError("the replay died; its message is above")
    return Replay(**json.loads(answer))


def _run(server: Server, ms: int, prepare: Callable[[Server], None] | None, hashed: bool) -> dict[str, object]:
    monitor = server.monitor
    assert monitor is not None
    core = monitor.machine.core
    if prepare:
        prepare(server)

    def total(what: str) -> int:
        numbers = range(1, layout.CORES)
        return sum(core.statistics(c, n)[what] for c in range(len(monitor.machine.chips)) for n in numbers)  # type: ignore[literal-required]

    before, translated = total("instructions"), total("translated")
    end = core.cycles + ms * CYCLES_PER_MS
    cpu, wall = time.process_time(), time.perf_counter()
    while core.cycles < end:
        core.run(min((end - core.cycles) * QUANTA_PER_MS // CYCLES_PER_MS, QUANTA_PER_MS))
        monitor.attend()
        monitor.outgoing.clear()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6
    return {
        "cpu_s": cpu,
        "wall_s": wall,
        "instructions": total("instructions") - before,
        "translated": total("translated") - translated,
        "resident_mb": resident,
        "state": state_of(server) if hashed else "",
    }
