"""``requirements-hashed.txt`` is ``constraints.txt`` with hashes, and names no place to fetch from."""

import re
from pathlib import Path

TOP = Path(__file__).parents[2]
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def _lines(name: str) -> list[str]:
    return [line for line in (TOP / name).read_text().splitlines() if line and not line.startswith("#")]


def test_both_pin_the_same_versions() -> None:
    """After a change of constraints.txt: ``make hashes``."""
    locked = [line.removesuffix(" \\") for line in _lines("requirements-hashed.txt") if not line.startswith(" ")]
    assert locked == _lines("constraints.txt")


def test_every_package_has_hashes_and_nothing_else() -> None:
    lines = _lines("requirements-hashed.txt")
    for line, following in zip(lines, [*lines[1:], "end"], strict=True):
        if line.startswith(" "):
            assert HASH.fullmatch(line), line
        else:
            assert "==" in line and following.startswith("    --hash=sha256:"), line
        # A backslash is what carries a requirement on to its next hash.
        assert line.endswith("\\") is following.startswith(" "), line


def test_no_address_of_a_registry_is_kept() -> None:
    for name in ("requirements-hashed.txt", "constraints.txt"):
        text = (TOP / name).read_text()
        assert "://" not in text and "--index" not in text and "--find-links" not in text
