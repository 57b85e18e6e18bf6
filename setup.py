"""Builds the C core of the software board. Everything else about the package is in pyproject.toml.

The extension is optional: without a C compiler the installation still succeeds, and the board says what is missing.
"""

from pathlib import Path

from setuptools import Extension, setup

CORE = Path("src/spinnaker_board/core")

setup(
    ext_modules=[
        Extension(
            "spinnaker_board._core",
            sources=sorted(path.as_posix() for path in CORE.glob("*.c")),
            depends=sorted(path.as_posix() for path in CORE.glob("*.h")),
            extra_compile_args=["-std=c11", "-O2"],
            extra_link_args=["-pthread"],
            optional=True,
        )
    ]
)
