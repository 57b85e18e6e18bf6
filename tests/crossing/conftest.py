"""What the crossing tests share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def compiled(request: pytest.FixtureRequest) -> Path:
    """Where compiled code is kept, for all tests and for later sessions: it is looked up by its text."""
    cache = request.config.cache
    assert cache is not None
    return cache.mkdir("crossing")
