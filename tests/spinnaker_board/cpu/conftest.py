from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cpu_machine import Core, compile_processor


@pytest.fixture(scope="session")
def processor(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return compile_processor(Path(tmp_path_factory.mktemp("processor")))


@pytest.fixture
def new_core(processor: ctypes.CDLL) -> Iterator[Callable[[bool], Core]]:
    cores: list[Core] = []

    def make(plain: bool) -> Core:
        cores.append(Core(processor, plain))
        return cores[-1]

    yield make
    for core in cores:
        core.close()


@pytest.fixture(params=["plain", "decoded"])
def core(request: pytest.FixtureRequest, new_core: Callable[[bool], Core]) -> Core:
    return new_core(request.param == "plain")
