"""Brian2's preferences that decide the numbers of a run, so that these are the same on every machine.

Brian2 compiles with ``-ffast-math -march=native`` by default. The compiler may then take sums in another order and
fuse a product and a sum into one rounding, if the processor can: the last bit, and after a while a spike, would depend
on the machine. A preferences file of the user (``~/.brian/user_preferences``), which Brian2 reads when it is imported,
may ask for float32. Neither says so in the run. Every session therefore sets these preferences itself.
"""

from typing import Any

import numpy as np

# Without -march=native: it does not make these networks faster, and what is kept of a home that machines share has to
# run on all of them. The arguments follow CFLAGS of the environment, whose -Ofast they take back: on linking as well,
# where it would make the whole process round subnormal numbers to 0.
_IEEE = ["-O3", "-fno-fast-math", "-ffp-contract=off"]

NUMBERS: dict[str, Any] = {
    # Comes before Brian2's arguments for gcc and clang.
    "codegen.cpp.extra_compile_args": ["-w", "-std=c++11", *_IEEE],
    "codegen.cpp.extra_link_args": _IEEE,
    "codegen.cpp.define_macros": [],
    "codegen.generators.cpp.flush_denormals": False,
    "codegen.loop_invariant_optimisations": True,
    "core.default_float_dtype": np.float64,
    "core.default_integer_dtype": np.int32,
    "devices.cpp_standalone.openmp_threads": 0,
}
"""Preference -> value: IEEE 754 numbers of 64 bits, each operation rounded by itself, in the order it is written."""
