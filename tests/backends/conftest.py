"""What the back ends' tests share."""

from collections.abc import Iterator

import pytest

from varesearch.backends.nest.backend import Nest


@pytest.fixture(scope="session", autouse=True)
def _one_compilation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """NEST's Izhikevich cell is compiled once for all tests."""
    Nest.cache = tmp_path_factory.mktemp("nest")
    yield
    Nest.cache = None
