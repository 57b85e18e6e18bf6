"""Files of somebody else, planted where a user's own are expected."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

NOBODY = 65534


def stranger(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """A function that gives a path to another user; where only root may do so, we become another instead."""

    def give_away(path: Path) -> None:
        if os.geteuid() == 0:
            os.lchown(path, NOBODY, NOBODY)
        else:
            own = os.geteuid()
            monkeypatch.setattr(os, "geteuid", lambda: own + 1)

    return give_away
