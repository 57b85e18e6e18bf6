"""Brian2 through PyNN: cell types of this project, whole-array projections, one of three code generation targets."""

from dataclasses import dataclass

from varesearch.config.backend import BackendSettings
from varesearch.config.settings import quantity


@dataclass
class Brian2Settings(BackendSettings):
    """Brian2 through PyNN."""

    codegen: str = quantity(
        "numpy",
        "",
        "numpy (no compiler), cython, or cpp_standalone (long runs)",
        ("numpy", "cython", "cpp_standalone"),
    )
