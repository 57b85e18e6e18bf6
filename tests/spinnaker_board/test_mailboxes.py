"""Messages, tags, signals and locks between hosts, monitors and cores that never look: nothing is lost by them."""

from __future__ import annotations

import socket
import struct

import pytest
from arm_code import FOREVER, aplx, program
from hosts import Host
from monitors import DEAD, OK, SENDER, TIMEOUT, booted, call, free_buffers, load, send_from_core, stop

from spinnaker_board import layout, mailbox
from spinnaker_board.layout import Lock
from spinnaker_board.monitor import Monitor
from spinnaker_board.structures import SV, VCPU

QUANTUM = 2000
STUCK = aplx(program([FOREVER]))


def test_message_buffers_of_stopped_cores_come_back(monitor: Monitor) -> None:
    """Seven: in mailboxes of cores that never look, on the way to the monitor, and in the hands of a core."""
    chip = monitor.machine.chips[0]
    for round_ in range(3):
        load(monitor, STUCK, 0x3FFFE, 31)
        for core in range(1, 6):
            monitor.receive(Host.packet(0, core, core=core, port=1), SENDER)
        monitor.attend()
        assert len(free_buffers(chip)) == 2
        chip.memory.set_u32(chip.vcpu(9, VCPU.mbox_mp_msg), free_buffers(chip)[0])
        send_from_core(monitor, chip, 9, bytes(24))
        monitor.machine.core.attention()  # the monitor has not come to it
        chip.memory.set_u32(chip.sv(SV.shm_free), 0)  # a core is about to fill the last one
        if round_ == 0:
            stop(monitor, 31)
        elif round_ == 1:
            assert call(monitor, 22, 2, 0 << 16 | 0xFF << 8 | 31).code == OK  # signal INIT
        else:  # another application takes the cores
            call(monitor, 19, 32 << 24 | 0x3FFFE)
        assert len(free_buffers(chip)) == 7
        assert chip.memory.u16(chip.sv(SV.shm_count)) == 0
        stop(monitor, 32)


def test_the_buffer_of_one_stopped_core_comes_back_while_others_run(monitor: Monitor) -> None:
    chip = monitor.machine.chips[0]
    load(monitor, STUCK, 1 << 1, 31)
    load(monitor, STUCK, 1 << 2, 32)
    for core in (1, 2):
        monitor.receive(Host.packet(0, core, core=core, port=1), SENDER)
    monitor.attend()
    assert len(free_buffers(chip)) == 5
    stop(monitor, 31)
    assert len(free_buffers(chip)) == 6
    assert call(monitor, 22, 2, 3 << 16 | 0xFF << 8 | 32).code == OK  # START takes the place of the message
    assert len(free_buffers(chip)) == 7


def test_messages_that_wait_for_a_stopped_core_are_refused(monitor: Monitor) -> None:
    load(monitor, STUCK, 1 << 1, 31)
    for n in range(4):
        monitor.receive(Host.packet(0, n, core=1, port=1), SENDER)
    monitor.attend()
    assert monitor.mailboxes.waiting == 3
    stop(monitor, 31)
    monitor.outgoing.clear()
    monitor.attend()
    assert [struct.unpack_from("<HH", datagram.data, 10) for datagram in monitor.outgoing] == [
        (DEAD, 1),
        (DEAD, 2),
        (DEAD, 3),
    ]


@pytest.mark.parametrize(("timeout_s", "most_ms"), [(10.0, 21), (0.0, 2)])
def test_a_core_that_takes_no_message_keeps_it_for_a_limited_time(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, timeout_s: float, most_ms: int
) -> None:
    """Twenty milliseconds of its own time, or half a second of ours, but one of its own at least."""
    monkeypatch.setattr(mailbox, "_TIMEOUT_S", timeout_s)
    load(monitor, STUCK, 1 << 1, 31)
    for n in range(40):
        monitor.receive(Host.packet(0, n, core=1, port=1), SENDER)
    waited = 0
    while monitor.mailboxes.waiting:
        monitor.attend()
        monitor.machine.core.run(10)
        waited += 10
    assert 100 * (most_ms - 1) <= waited <= 100 * (most_ms + 1)
    codes = [struct.unpack_from("<H", datagram.data, 10)[0] for datagram in monitor.outgoing]
    assert set(codes) == {TIMEOUT}  # as many as there are tags for answers


def test_a_core_that_takes_messages_slowly_gets_them_all(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine so slow that half a second passes in no time: the last of thirty messages does not wait in vain."""
    monkeypatch.setattr(mailbox, "_TIMEOUT_S", 0.0)
    chip = monitor.machine.chips[0]
    load(monitor, STUCK, 1 << 1, 31)
    for n in range(30):
        monitor.receive(Host.packet(0, n, core=1, port=1), SENDER)
    for left in reversed(range(30)):
        monitor.attend()
        assert monitor.mailboxes.waiting == left
        monitor.machine.core.run(90)  # 0.9 ms until the core takes it
        monitor.mailboxes.reclaim(chip, 1, VCPU.mbox_ap_cmd, VCPU.mbox_ap_msg)
    assert not monitor.outgoing


def test_a_host_without_a_tag_takes_no_tag_that_was_set(monitor: Monitor) -> None:
    """Seven of the pool's eight tags are set for good: all other hosts share the last one."""
    kept = [call(monitor, 26, 0, 5000 + n, 0x0100007F).word(0) for n in range(7)]
    for n in range(20):
        monitor.receive(Host.packet(99, n, core=17, port=1), ("127.0.0.1", 41_000 + n))
    assert all(monitor.tags.tags[number].endpoint == ("127.0.0.1", 5000 + n) for n, number in enumerate(kept))
    for number in kept:
        assert call(monitor, 26, 3 << 16 | number).code == OK


def test_a_signal_to_816_cores_that_never_look_waits_once_for_all() -> None:
    """It waited a millisecond of virtual time for each of them: 173 s."""
    monitor = booted(5)
    for chip in monitor.machine.chips:
        load(monitor, STUCK, 0x3FFFE, 30, chip.address)
    assert monitor.machine.core.active == 48 * 17
    for _ in range(2):  # the second finds the first one's signals in the mailboxes
        before = monitor.machine.core.cycles
        assert call(monitor, 22, 2, 10 << 16 | 0xFF << 8 | 30).code == OK
        assert monitor.machine.core.cycles - before <= 100 * QUANTUM
    for chip in monitor.machine.chips:
        for register in Lock:
            monitor.machine.core.read(chip.index, layout.SYSTEM_CONTROLLER_BASE + 0x100 + 4 * register)
    before = monitor.machine.core.cycles
    stop(monitor, 30)  # with all 192 locks set: one wait for them all
    assert monitor.machine.core.cycles - before <= 1000 * QUANTUM
    assert monitor.machine.core.active == 0
    assert not any(monitor.machine.core.locked(chip.index, lock) for chip in monitor.machine.chips for lock in Lock)


def test_a_lock_that_is_kept_is_waited_for_once(monitor: Monitor) -> None:
    core = monitor.machine.core
    load(monitor, STUCK, 1 << 1, 31)
    core.read(0, layout.SYSTEM_CONTROLLER_BASE + 0x100 + 4 * Lock.HEAP)
    for least, most in ((100, 1001), (1, 1), (1, 1)):
        before = core.cycles
        assert call(monitor, 28, 31 << 8, 100).code == TIMEOUT
        assert least * QUANTUM <= core.cycles - before <= most * QUANTUM
    core.write(0, layout.SC_TEST_AND_CLEAR + 4 * Lock.HEAP, 0)
    assert call(monitor, 28, 31 << 8, 100).word(0)
    stop(monitor, 31)
    core.read(0, layout.SYSTEM_CONTROLLER_BASE + 0x100 + 4 * Lock.HEAP)  # nobody is there who could give it back
    before = core.cycles
    assert call(monitor, 28, 6).code == OK
    assert core.cycles == before


def test_an_application_that_keeps_the_mailbox_lock_loses_no_message(monitor: Monitor) -> None:
    chip, core = monitor.machine.chips[0], monitor.machine.core
    load(monitor, STUCK, 1 << 4, 9)
    core.read(0, layout.SYSTEM_CONTROLLER_BASE + 0x100 + 4 * Lock.MAILBOX)
    send_from_core(monitor, chip, 4, struct.pack("<4B2HHHIII", 7, 9, 0xFF, 4, 0, 0, 15, 1, 1, 1, 0))
    tag = int.from_bytes(socket.inet_aton("127.0.0.1"), "little")
    assert call(monitor, 26, 1 << 16 | 9, 4567, tag).code == OK
    for _ in range(3):
        monitor.attend()
    assert not monitor.outgoing
    core.write(0, layout.SC_TEST_AND_CLEAR + 4 * Lock.MAILBOX, 0)
    monitor.attend()
    assert [datagram.to for datagram in monitor.outgoing] == [("127.0.0.1", 4567)]
    assert call(monitor, 26, 3 << 16 | 9).code == OK
