"""The structures of ``core/sark.struct``, which SC&MP and SARK keep in the memory of a chip.

``python -m spinnaker_board.structures`` prints ``core/structures.h``, which gives the core in C the same numbers.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from spinnaker_board.layout import CORE

_FILE = CORE / "sark.struct"
_HEAD = re.compile(r"(name|size|base)\s*=\s*(\S+)")
_FIELD = re.compile(r"(\w+)(?:\[(\d+)\])?\s+([CvVQ]|A\d+)\s+(\S+)\s+\S+\s+(\S+)")
_CODES = {"C": "B", "v": "H", "V": "I", "Q": "Q"}  # of Perl's pack, and of Python's struct


@dataclass(frozen=True)
class Field:
    """One field of a structure, or an array of several.

    Parameters
    ----------
    offset
        Bytes from the beginning of the structure.
    format
        As the ``struct`` module writes it; bytes for an array of bytes and for text.
    default
        The value before booting.
    """

    offset: int
    format: str
    default: int

    @property
    def size(self) -> int:
        """In bytes."""
        return struct.calcsize(f"<{self.format}")


class Structure:
    """A structure in memory. Its fields' offsets are attributes, plain numbers because they are used often.

    Parameters
    ----------
    name, size, base
        Name, bytes, and the address in System RAM of the first one, 0 if it has no fixed place.
    fields
        By name.

    Examples
    --------
    >>> SV.cpu_clk, SV.fields["cpu_clk"].size, hex(SV.base + SV.cpu_clk)
    (36, 2, '0xe5007f24')
    """

    def __init__(self, name: str, size: int, base: int, fields: Mapping[str, Field]) -> None:
        self.name = name
        self.bytes = size
        self.base = base
        self.fields = fields
        vars(self).update({name: field.offset for name, field in fields.items()})

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> int: ...

    def pack_into(self, buffer: bytearray | memoryview, **values: int | bytes) -> None:
        """Write fields of a structure that begins where the buffer does.

        Examples
        --------
        >>> block = bytearray(BLOCK.bytes)
        >>> BLOCK.pack_into(block, next=0x60000010, free=0)
        >>> block.hex()
        '1000006000000000'
        """
        for name, value in values.items():
            field = self.fields[name]
            struct.pack_into(f"<{field.format}", buffer, field.offset, value)

    def defaults(self) -> bytearray:
        """A structure with the values that its fields have before booting."""
        block = bytearray(self.bytes)
        self.pack_into(block, **{name: field.default for name, field in self.fields.items() if field.default})
        return block


def _number(text: str) -> int:
    return int(text, 0)


@cache
def structures() -> dict[str, Structure]:
    """All structures of ``core/sark.struct``, by name."""
    heads: list[dict[str, str]] = []
    fields: list[dict[str, Field]] = []
    for number, line in enumerate(_FILE.read_text(encoding="ascii").splitlines(), 1):
        text = line.partition("#")[0].strip()
        if head := _HEAD.fullmatch(text):
            if head[1] == "name":
                heads.append({})
                fields.append({})
            heads[-1][head[1]] = head[2]
        elif row := _FIELD.fullmatch(text):
            name, count, code, offset, default = row.groups()
            text_bytes = code[1:] or (count if code == "C" else None)
            format_ = f"{text_bytes}s" if text_bytes else (count or "") + _CODES[code]
            fields[-1][name] = Field(_number(offset), format_, _number(default))
        elif text:
            raise ValueError(f"{_FILE.name}, line {number}: neither a head nor a field of a structure")
    return {
        head["name"]: Structure(head["name"], _number(head["size"]), _number(head["base"]), rows)
        for head, rows in zip(heads, fields, strict=True)
    }


SV = structures()["sv"]
VCPU = structures()["vcpu"]
HEAP = structures()["heap"]
BLOCK = structures()["block"]
RTR_ENTRY = structures()["rtr_entry"]
APP_DATA = structures()["app_data"]
SDP_MSG = structures()["sdp_msg"]
IPTAG = structures()["iptag"]


def header() -> str:
    """The text of ``core/structures.h``: the structures that have a place of their own in System RAM."""
    lines = [
        "/* Made from sark.struct by `python -m spinnaker_board.structures`, not to be changed by hand. */",
        "#ifndef SPINNAKER_BOARD_STRUCTURES_H",
        "#define SPINNAKER_BOARD_STRUCTURES_H",
    ]
    for structure in structures().values():
        if structure.base:
            define = f"#define {structure.name.upper()}_"
            lines += ["", f"{define}BASE 0x{structure.base:08x}u", f"{define}BYTES {structure.bytes}u"]
            lines += [f"{define}{name.upper()} 0x{field.offset:02x}u" for name, field in structure.fields.items()]
    return "\n".join([*lines, "", "#endif", ""])


if __name__ == "__main__":
    print(header(), end="")
