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
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from spinnaker_board import layout
from spinnaker_board.layout import CYCLES_PER_MS, QUANTA_PER_MS, Signal
from spinnaker_board.server import AddressError, Server, Settings
from spinnaker_board.translation.parts import hot_parts
from spinnaker_board.translation.source import source
from spinnaker_board.translation.worker import compile_parts, find_compiler

_FREE_ADDRESSES = range(200, 250)


@dataclass(frozen=True)
class Replay:
    """What a run took and did.

    :param translated: those of the instructions that translated code executed
    :param cores: that run
    :param resident_mb: of this process, the benchmark's own part included
    :param state: hash of all memories, registers and counters; empty when it was not asked for
    """

    cpu_s: float
    wall_s: float
    instructions: int
    translated: int
    packets: int
    cores: int
    resident_mb: float
    state: str = ""


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
    serve, last = server._serve, [watch()]

    def serve_and_watch(monitor: object) -> float:
        if watch() - last[0] > 1 and host.poll() is not None:
            raise RuntimeError(f"the host ended too early; see {folder / 'host.log'}")
        return serve(monitor)  # type: ignore[arg-type]

    server._serve = serve_and_watch  # type: ignore[method-assign]
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


def translations(server: Server, ms: int, folder: Path) -> list[Path]:
    """Files of translated code for what is hot in the first `ms` of the loaded network, which is not disturbed."""

    def learn(which: Server) -> None:
        run(which, ms)
        _translate(which, folder)

    replay(server, 0, learn)
    return sorted(folder.glob("*.new"))


def _translate(server: Server, folder: Path) -> None:
    assert server.monitor is not None
    core, compiler = server.monitor.machine.core, find_compiler()
    assert compiler is not None
    programs: dict[bytes, list[np.ndarray]] = {}
    for chip in range(len(server.monitor.machine.chips)):
        for number in range(1, layout.CORES):
            if core.statistics(chip, number)["on"]:
                entered, _, heat = core.profile(chip, number)
                sums = programs.setdefault(
                    bytes(core.tcm(chip, number)[0]), [np.zeros(layout.ITCM_BYTES // 4, np.int64) for _ in "ab"]
                )
                sums[0] += np.frombuffer(entered, np.uint8)
                sums[1] += np.frombuffer(heat, np.uint32)
    for image, (entered, heat) in programs.items():
        hot = {4 * int(n): int(heat[n]) for n in heat.nonzero()[0]}
        parts = hot_parts(image, (4 * entered.nonzero()[0]).tolist(), hot)
        if parts:
            compile_parts(source(parts), folder, compiler)


def replay(server: Server, ms: int, prepare: Callable[[Server], None] | None = None, hashed: bool = False) -> Replay:
    """Runs the loaded network for so many milliseconds in a fork; `prepare` is called in it first.

    The board must have one thread, for a fork has no other.

    :raises RuntimeError: the fork died
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            if prepare:
                prepare(server)
            result = run(server, ms)
            state = _state(server) if hashed else ""
            os.write(write, json.dumps({**asdict(result), "state": state}).encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    if not answer:
        raise RuntimeError("the replay died; its message is above")
    return Replay(**json.loads(answer))


def run(server: Server, ms: int) -> Replay:
    """Runs the loaded network for so many milliseconds, as fast as it goes."""
    monitor = server.monitor
    assert monitor is not None
    core = monitor.machine.core
    before = _totals(server)
    end = core.cycles + ms * CYCLES_PER_MS
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    while core.cycles < end:
        core.run(min((end - core.cycles) * QUANTA_PER_MS // CYCLES_PER_MS, QUANTA_PER_MS))
        monitor.attend()
        monitor.outgoing.clear()
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6
    done = [after - first for after, first in zip(_totals(server), before, strict=True)]
    return Replay(cpu_s, wall_s, *done, cores=core.active, resident_mb=resident)


def loaded_and_run(overrides: list[str], folder: Path, version: int, threads: int, ms: int) -> Replay:
    """The two together, in a process of their own for the sake of its memory."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_loaded_and_run, (overrides, folder, version, threads, ms))


def _loaded_and_run(overrides: list[str], folder: Path, version: int, threads: int, ms: int) -> Replay:
    return run(loaded_board(overrides, folder, version, threads), ms)


def _totals(server: Server) -> list[int]:
    """Instructions, those in translated code, packets sent."""
    assert server.monitor is not None
    core, chips = server.monitor.machine.core, len(server.monitor.machine.chips)
    counts = [core.statistics(chip, number) for chip in range(chips) for number in range(1, layout.CORES)]
    return [sum(count[name] for count in counts) for name in ("instructions", "translated", "packets_out")]


def _state(server: Server) -> str:
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
