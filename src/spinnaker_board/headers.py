"""Numbers that the core in C and the programs in Python share: read from the headers of the core, not typed again."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

#: Of the core's headers and sources, for a compiler.
CORE = Path(__file__).with_name("core")
_NUMBER = re.compile(r"#define (\w+) (0x[0-9a-fA-F]+|\d+)u?(?:\s|$)")


@cache
def numbers(header: str) -> dict[str, int]:
    """What a header defines as a plain number, by name.

    Parameters
    ----------
    header
        The name of a file of ``core``.

    Examples
    --------
    >>> numbers("layout.h")["CHIP_CORES"]
    18
    """
    lines = (CORE / header).read_text(encoding="utf-8").splitlines()
    return {found[1]: int(found[2], 0) for found in map(_NUMBER.match, lines) if found}
