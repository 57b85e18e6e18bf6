"""Brian2's numbers are the same on every machine: IEEE 754 doubles, whatever compilers and preferences would do."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import brian2
import numpy as np
import pytest
from brian2.codegen.cpp_prefs import get_compiler_and_args
from test_brian2_session import assert_equal, simulate, small

from varesearch.backends.brian2.arithmetic import NUMBERS
from varesearch.backends.brian2.compiling import CheckedCython
from varesearch.backends.brian2.session import session

SINGLE = {
    "core.default_float_dtype": np.float32,
    "codegen.cpp.extra_compile_args": ["-Ofast", "-march=native"],
    "devices.cpp_standalone.openmp_threads": 2,
}
"""What a file of preferences could ask for."""
SMALLEST = 5e-324
"""The smallest subnormal number, which -Ofast on linking makes a process round to 0."""


@contextmanager
def preferred() -> Iterator[None]:
    before = {name: brian2.prefs[name] for name in SINGLE}
    for name, value in SINGLE.items():
        brian2.prefs[name] = value
    try:
        yield
    finally:
        for name, value in before.items():
            brian2.prefs[name] = value


def test_preferences_of_the_user_change_no_number_and_are_put_back() -> None:
    expected, _ = simulate(small())
    with preferred():
        found, _ = simulate(small())
        assert {name: brian2.prefs[name] for name in SINGLE} == SINGLE
    assert_equal(found, expected)
    values = found.populations["exc"].signals["v"].values
    assert values.dtype == np.float64
    assert np.any(values != values.astype(np.float32))


class Block(CheckedCython):
    """A piece of code to compile, without the network around it."""

    def __init__(self, text: str) -> None:
        self.code = SimpleNamespace(run=text)
        self.owner, self.template_name = SimpleNamespace(name="block"), "block"
        self.compiler, self.extra_compile_args = get_compiler_and_args()
        self.extra_link_args = brian2.prefs["codegen.cpp.extra_link_args"]
        self.define_macros, self.libraries, self.sources = [], [], []
        self.include_dirs, self.library_dirs, self.runtime_library_dirs = [], [], []


FUSED = "# cython: language_level=3\ndef summed(double a, double b, double c):\n    return a * b + c\n"
NEAR_1 = 1 + 2.0**-30
"""Its square, rounded to 53 bits, is exactly 1 + 2^-29; a fused sum sees the 2^-60 that the rounding takes away."""


def compiled(codegen: str = "cython") -> Any:
    """The module of :data:`FUSED` as a session compiles it; of "" as Brian2 and the environment ask."""
    with session(codegen, 1.0) if codegen else nullcontext():
        return Block(FUSED).compile_block("run")


def test_a_compiler_fuses_no_operations_and_no_number_is_flushed_to_0(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not even where the environment's CFLAGS ask for it. What was compiled otherwise is not taken for it."""
    monkeypatch.setitem(brian2.prefs, "codegen.runtime.cython.cache_dir", str(tmp_path))
    fast = compiled("")
    monkeypatch.setenv("CFLAGS", "-Ofast -march=native -ffp-contract=fast")
    ours = compiled()
    assert SMALLEST * 1.0 > 0
    assert ours is not fast
    assert ours.summed(NEAR_1, NEAR_1, -1 - 2.0**-29) == 0
    monkeypatch.delenv("CFLAGS")
    has_fma = " fma " in Path("/proc/cpuinfo").read_text()
    assert (fast.summed(NEAR_1, NEAR_1, -1 - 2.0**-29) != 0) == has_fma  # so the line before can fail


@pytest.mark.parametrize("codegen", ["cython", "cpp_standalone"])
def test_both_compiled_targets_take_these_arguments(codegen: str) -> None:
    with session(codegen, 1.0):
        _, arguments = get_compiler_and_args()
    assert arguments == NUMBERS["codegen.cpp.extra_compile_args"]
    assert {"-fno-fast-math", "-ffp-contract=off"} <= set(arguments)
    assert not {"-ffast-math", "-march=native"} & set(arguments)
    assert "-ffast-math" in get_compiler_and_args()[1]  # Brian2's own are back
