"""The structures of core/sark.struct against those of SpiNNMan, which reads them from real boards."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

import pytest
from spinnman import constants
from spinnman.messages.scp.impl.iptag_get import IPTagGetResponse
from spinnman.messages.spinnaker_boot.system_variable_boot_values import (
    SystemVariableBootValues,
    SystemVariableDefinition,
)
from spinnman.model import CPUInfo
from spinnman.model.cpu_info import _VCPU_PATTERN

from spinnaker_board import structures
from spinnaker_board.layout import CORE
from spinnaker_board.scp import ReturnCode, pack_answer
from spinnaker_board.sdp import SdpMessage
from spinnaker_board.structures import SV, VCPU, Structure
from spinnaker_board.tags import Tag

# What SpiNNMan calls some of the variables that the board reads or sets.
NAMES = {
    "hw_ver": "hardware_version",
    "p2pb_repeats": "p2p_b_repeats",
    "clock_ms": "clock_milliseconds",
    "time_ms": "time_milliseconds",
    "unix_time": "unix_timestamp",
    "cpu_clk": "cpu_clock_mhz",
    "mem_clk": "sdram_clock_frequency_mhz",
    "led0": "led_0",
    "root_chip": "is_root_chip",
    "num_buf": "n_shared_message_buffers",
    "sysram_heap": "system_ram_heap_address",
    "sdram_heap": "sdram_heap_address",
    "iobuf_size": "iobuf_size",
    "sdram_bufs": "system_sdram_bytes",
    "sysbuf_words": "system_buffer_words",
    "boot_sig": "boot_signature",
    "link_en": "links_available",
    "shm_free": "shared_message_first_free_address",
    "shm_count": "shared_message_count_in_use",
    "shm_max": "shared_message_maximum_used",
    "p2v_map": "physical_to_virtual_core_map",
    "v2p_map": "virtual_to_physical_core_map",
    "num_cpus": "n_working_cores",
    "sdram_base": "sdram_base_address",
    "sysram_base": "system_ram_base_address",
    "sdram_sys": "system_sdram_base_address",
    "vcpu_base": "cpu_information_base_address",
    "sys_heap": "system_sdram_heap_address",
    "rtr_copy": "router_table_copy_address",
    "hop_table": "peer_to_peer_hop_table_address",
    "alloc_tag": "allocated_tag_table_address",
    "rtr_free": "first_free_router_entry",
    "p2p_active": "n_active_peer_to_peer_addresses",
    "app_data": "app_data_table_address",
    "shm_buf": "shared_message_buffer_address",
    "mbox_flags": "monitor_mailbox_flags",
    "ip_addr": "ethernet_ip_address",
    "fr_copy": "fixed_route_copy",
}
SIZES = {"BYTE": 1, "SHORT": 2, "INT": 4, "LONG": 8}


def size_of(variable: SystemVariableDefinition) -> int:
    return variable.array_size or SIZES[variable.data_type.name]


@pytest.mark.parametrize("structure", structures.structures().values(), ids=lambda structure: structure.name)
def test_fields_follow_one_another_without_gap_or_overlap(structure: Structure) -> None:
    end = 0
    for name, field in structure.fields.items():
        assert field.offset == end, name
        end += field.size
    # Of a message and a tag only the beginning is described.
    assert end == structure.bytes or (structure.name in ("sdp_msg", "iptag") and end < structure.bytes)


def test_the_system_variables_are_those_of_spinnman() -> None:
    for name, theirs in NAMES.items():
        variable = SystemVariableDefinition[theirs]
        assert (SV.fields[name].offset, SV.fields[name].size) == (variable.offset, size_of(variable)), name
    begins = {variable.offset for variable in SystemVariableDefinition}
    assert all(field.offset in begins for field in SV.fields.values())
    assert SV.bytes == max(variable.offset + size_of(variable) for variable in SystemVariableDefinition)
    assert SV.base & 0x0FFFFFFF == constants.SYSTEM_VARIABLE_BASE_ADDRESS & 0x0FFFFFFF


def test_the_values_before_booting_are_those_of_spinnman() -> None:
    """Of the part that a host sends; in the rest SpiNNMan packs an array of 20 bytes as one byte."""
    assert bytes(SV.defaults()[:128]) == SystemVariableBootValues().bytestring[:128]


def test_a_cores_block_is_read_by_spinnman() -> None:
    block = bytearray(VCPU.bytes)
    VCPU.pack_into(block, psr=1, sp=2, lr=3, rt_code=4, phys_cpu=5, cpu_state=6, app_id=7, mbox_ap_msg=8, mbox_mp_msg=9)
    VCPU.pack_into(block, mbox_ap_cmd=1, mbox_mp_cmd=3, sw_count=10, sw_file=11, sw_line=12, time=13, app_name=b"snn")
    VCPU.pack_into(block, iobuf=14, sw_ver=15, user0=16, user1=17, user2=18, user3=19)
    struct.pack_into("<8I", block, VCPU.r, *range(20, 28))
    info = CPUInfo(0, 0, 1, _VCPU_PATTERN.unpack(block))
    assert (info.processor_state_register, info.stack_pointer, info.link_register) == (1, 2, 3)
    assert (info.run_time_error.value, info.physical_cpu_id, info.state.value, info.application_id) == (4, 5, 6, 7)
    assert (info.application_mailbox_data_address, info.monitor_mailbox_data_address) == (8, 9)
    assert (info.application_mailbox_command.value, info.monitor_mailbox_command.value) == (1, 3)
    assert (info.software_error_count, info.software_source_filename_address) == (10, 11)
    assert (info.software_source_line_number, info.time, info.application_name) == (12, 13, "snn")
    assert (info.iobuf_address, info.software_version) == (14, 15)
    assert (list(info.user), list(info.registers)) == ([16, 17, 18, 19], list(range(20, 28)))
    assert (VCPU.base, VCPU.bytes) == (constants.CPU_INFO_OFFSET, constants.CPU_INFO_BYTES)
    assert VCPU.user0 == constants.CPU_USER_START_ADDRESS


def test_a_tag_is_read_by_spinnman() -> None:
    tag = Tag(0x8300, ("10.1.2.3", 50_000), 9, count=7, rx_port=60_000, dest_addr=0x0102, dest_port=3 << 5 | 4)
    answer = IPTagGetResponse()
    answer.read_bytestring(SdpMessage(7, 0, 0, 0, 0, 0, pack_answer(ReturnCode.OK, 1, tag.pack())).pack(), 0)
    assert IPv4Address(bytes(answer.ip_address)) == IPv4Address("10.1.2.3")
    assert (answer.port, answer.timeout, answer.flags, answer.count, answer.rx_port) == (50_000, 256, 0x8300, 7, 60_000)
    assert (answer.spin_chip_x, answer.spin_chip_y, answer.spin_port, answer.spin_cpu) == (1, 2, 3, 4)


def test_the_header_of_the_core_is_made_from_the_file() -> None:
    """Mended by `python -m spinnaker_board.structures > src/spinnaker_board/core/structures.h`."""
    assert (CORE / "structures.h").read_text() == structures.header()
