"""The boot protocol, with the packets that SpiNNMan would send."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinnaker_board.boot import BootLoader
from spinnaker_board.chip import BootValues


def _packet(operation: int, first: int = 0, third: int = 0, data: bytes = b"", version: int = 1) -> bytes:
    return struct.pack(">HIIII", version, operation, first, 0, third) + data


def _image(values: bytes) -> bytes:
    return bytes(384) + values + bytes(2048 - 512)


def _swapped(data: bytes) -> bytes:
    return struct.pack(f">{len(data) // 4}I", *struct.unpack(f"<{len(data) // 4}I", data))


def _send(loader: BootLoader, image: bytes, blocks: list[int]) -> BootValues | None:
    assert loader.receive(_packet(1, third=len(image) // 1024 - 1)) is None
    for block in blocks:
        data = _swapped(image[1024 * block : 1024 * block + 1024])
        assert loader.receive(_packet(3, 255 << 8 | block, data=data)) is None
    return loader.receive(_packet(5, 1))


def test_values_come_out_of_the_image() -> None:
    values = BootValues.default(5).data
    result = _send(BootLoader(), _image(values), [1, 0])
    assert result is not None
    assert result.data == values
    assert result.word(0x50) == 16384


def test_an_incomplete_image_does_not_boot() -> None:
    assert _send(BootLoader(), _image(BootValues.default(3).data), [0]) is None


@pytest.mark.parametrize("values", [bytes(128), b"\xff" * 128])
def test_an_image_without_sense_does_not_boot(values: bytes) -> None:
    assert _send(BootLoader(), _image(values), [0, 1]) is None


@given(
    st.lists(
        st.binary(max_size=80)
        | st.builds(
            _packet, st.integers(0, 6), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.binary(max_size=1100)
        )
    )
)
def test_any_datagrams_are_survived(packets: list[bytes]) -> None:
    loader = BootLoader()
    for packet in packets:
        loader.receive(packet)
    assert _send(loader, _image(BootValues.default(3).data), [0, 1]) is not None
