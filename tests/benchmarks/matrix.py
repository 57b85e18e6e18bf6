"""What ``make bench`` measures: the cases, in the order in which they run, and the command of each.

The networks are the presets, at several sizes and at the in-degree that the preset has at its own size, so that every
size fires alike and what grows is the work. The same drawn network goes to every back end. Cold cases come before the
warm ones that use what they leave behind.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from varesearch_tools.benchmarks.session import Case

BASELINES = Path(__file__).parent / "baselines"


@dataclass(frozen=True)
class Preset:
    """A preset, its size, and how much of it is simulated."""

    experiment: str
    cells: int
    duration_ms: float
    p: float = 0.02


NETWORKS = {
    "seed": Preset("seed_izhikevich", 1500, 1000.0),
    "va_coba": Preset("va_coba", 4000, 200.0),
    "va_cuba": Preset("va_cuba", 4000, 200.0),
}

BACKENDS = {
    "brian2_numpy": ["backend=brian2"],
    "brian2_cython": ["backend=brian2", "backend.codegen=cython"],
    "brian2_cpp": ["backend=brian2", "backend.codegen=cpp_standalone"],
    "nest_1": ["backend=nest"],
    "nest_2": ["backend=nest", "backend.threads=2"],
    # All weights fit the 16 bits that a board has for them, which sPyNNaker's own rule does not see to.
    "board": ["backend=spinnaker", "backend.machine=software", "backend.weight_range=drawn"],
}
"""Simulator -> the overrides that choose it."""

CODEGEN = {"brian2_numpy": "numpy", "brian2_cython": "cython", "brian2_cpp": "cpp_standalone"}
"""Simulator -> Brian2's name of the target."""

_KEEP = {
    ("varesearch", "brian2_cython"),
    ("varesearch", "nest_1"),
    ("varesearch", "nest_2"),
    ("varesearch", "board"),
    ("brian2", "brian2_cython"),
    ("notebook", "brian2_cython"),
    ("command", "brian2_numpy"),
}
"""(program, simulator) that keep something from one process to the next: compiled code, fonts, the tracking store."""


@dataclass(frozen=True)
class Cell:
    """A case and how often it is measured."""

    case: Case
    rounds: int


def matrix() -> list[Cell]:
    """All of it."""
    drafts = [*_tiny(), *_notebook(), *_seed(), *_vogels_abbott("va_coba"), *_vogels_abbott("va_cuba")]
    keys = {cell.case.key for cell in drafts}
    assert len(keys) == len(drafts), "two cases of the same name"
    return [replace(cell, case=replace(cell.case, yardstick=_yardstick(cell.case, keys))) for cell in drafts]


def _tiny() -> Iterator[Cell]:
    """A case that takes no time: what it reads from the disk, later processes find in memory."""
    for program in ("varesearch", "brian2"):
        yield _cell("seed", 100, program, "brian2_numpy", duration_ms=100.0, rounds=1)


def _notebook() -> Iterator[Cell]:
    """The seed network as the notebook has it: 1500 cells, 1 s, v and spikes of all."""
    for cache, rounds in (("cold", 1), ("warm", 2)):
        yield _cell("seed", 1500, "notebook", "brian2_cython", cache, with_v=True, rounds=1)
        yield _cell("seed", 1500, "command", "brian2_numpy", cache, with_v=True, rounds=rounds)
    for program in ("varesearch", "brian2"):
        yield _cell("seed", 1500, program, "brian2_numpy", with_v=True, rounds=3)


def _seed() -> Iterator[Cell]:
    for program, simulator in (
        ("varesearch", "brian2_cython"),
        ("brian2", "brian2_cython"),
        ("varesearch", "nest_1"),
        ("varesearch", "board"),
    ):
        yield _cell("seed", 1500, program, simulator, "cold", rounds=1)
    for size in (500, 1500, 5000, 20_000):
        for simulator in ("brian2_numpy", "brian2_cython", "nest_1", *(["nest_2"] if size > 500 else [])):
            yield _cell("seed", size, "varesearch", simulator)
            if size == 1500 or simulator in ("brian2_numpy", "nest_1"):
                yield _cell("seed", size, native(simulator), simulator)
    for size in (500, 1500, 20_000):
        yield _cell("seed", size, "varesearch", "brian2_cpp", rounds=2 if size == 1500 else 1)
    yield _cell("seed", 1500, "brian2", "brian2_cpp")
    for size, rounds in ((500, 2), (1500, 2), (5000, 1)):
        yield _cell("seed", size, "varesearch", "board", rounds=rounds)


def _vogels_abbott(network: str) -> Iterator[Cell]:
    for size in (500, 4000, 20_000):
        for simulator in ("brian2_numpy", "nest_1", *(["nest_2"] if size > 500 else [])):
            yield _cell(network, size, "varesearch", simulator)
            if size == 4000 or simulator != "nest_2":
                yield _cell(network, size, native(simulator), simulator)
    yield _cell(network, 4000, "varesearch", "brian2_cpp", rounds=1)
    yield _cell(network, 500, "varesearch", "board")


def native(simulator: str) -> str:
    """Who drives this simulator without PyNN and without us."""
    return simulator.partition("_")[0]


def command(case: Case, folder: Path) -> list[str]:
    """The arguments of Python that run a case; what it leaves behind goes to ``folder``."""
    preset = NETWORKS[case.network]
    match case.program:
        case "varesearch":
            return ["-m", "varesearch_tools.benchmarks.worker", *_overrides(case, preset), *BACKENDS[case.simulator]]
        case "command":
            return ["-m", "varesearch", f"experiment={preset.experiment}", *BACKENDS[case.simulator]]
        case "notebook":
            return [str(BASELINES / "seeds_way.py"), str(folder)]
        case "brian2":
            how = [CODEGEN[case.simulator], *(["v"] if case.with_v else [])]
            return [str(BASELINES / "native_brian2.py"), *_in_words(case), str(_p(case, preset)), *how]
        case "nest":
            how = [case.simulator.removeprefix("nest_")]
            return [str(BASELINES / "native_nest.py"), *_in_words(case), str(_p(case, preset)), *how]
    raise ValueError(f"{case.key}: nobody runs {case.program}")


def _in_words(case: Case) -> list[str]:
    return [case.network, str(case.cells), f"{case.duration_ms:g}"]


def _overrides(case: Case, preset: Preset) -> list[str]:
    return [
        f"experiment={preset.experiment}",
        f"connectivity.n={case.cells}",
        f"connectivity.p={_p(case, preset)}",
        f"simulation.duration_ms={case.duration_ms:g}",
        f"recording.signals={'[v]' if case.with_v else '[]'}",
        "recording.cells=null",
        "analysis.warmup_ms=0",
    ]


def _p(case: Case, preset: Preset) -> float:
    """The probability that keeps the preset's in-degree."""
    return round(min(preset.p * preset.cells / case.cells, 1.0), 6)


def _cell(
    network: str,
    size: int,
    program: str,
    simulator: str,
    cache: str | None = None,
    *,
    duration_ms: float | None = None,
    with_v: bool = False,
    rounds: int = 2,
) -> Cell:
    keeps = "warm" if (program, simulator) in _KEEP else "none"
    case = Case(
        key=_key(network, size, with_v, program, simulator, cache or keeps),
        network=network,
        cells=size,
        program=program,
        simulator=simulator,
        cache=cache or keeps,
        duration_ms=duration_ms or NETWORKS[network].duration_ms,
        with_v=with_v,
        yardstick=None,
    )
    return Cell(case, rounds)


def _key(network: str, size: int, with_v: bool, program: str, simulator: str, cache: str) -> str:
    return f"{network}-{size}-{'v-' if with_v else ''}{program}-{simulator}{'-cold' if cache == 'cold' else ''}"


def _yardstick(case: Case, keys: set[str]) -> str | None:
    """The baseline for a case: the nearest there is to the same network, size, simulator and state of the cache."""
    if case.program not in ("varesearch", "command"):
        return None
    if case.program == "command" and case.cache == "cold":
        return _key("seed", 1500, True, "notebook", "brian2_cython", "cold")
    author = native(case.simulator) if case.simulator != "board" else "nest"
    family = {"brian2": "brian2_numpy", "nest": "nest_1"}[author]
    wanted = [
        _key(case.network, size, case.with_v, author, simulator, cache)
        for cache in (case.cache, "warm")
        for simulator in (case.simulator, family)
        for size in (case.cells, NETWORKS[case.network].cells)
    ]
    return next(key for key in wanted if key in keys)
