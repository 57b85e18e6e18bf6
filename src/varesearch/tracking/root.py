"""Where a project keeps its runs, found wherever the command is started."""

import os
from pathlib import Path

import varesearch
from varesearch.config.errors import ConfigurationError

ROOT_VARIABLE = "VARESEARCH_ROOT"
MARKER = ".varesearch"
STORE_FOLDER = "mlruns"


def cache_folder() -> Path:
    """Where back ends and plots may keep what later runs can use again; it need not exist yet."""
    return project_root() / STORE_FOLDER / "cache"


def project_root() -> Path:
    """The folder that holds ``mlruns/``, absolute.

    In this order: the environment variable VARESEARCH_ROOT; the checkout that the package was imported from; the
    nearest folder, from the working one upwards, with ``mlruns/`` or a file ``.varesearch``; the working folder.

    Raises ConfigurationError if VARESEARCH_ROOT names no folder.
    """
    named = os.environ.get(ROOT_VARIABLE)
    if named:
        root = Path(named).expanduser()
        if not root.is_dir():
            raise ConfigurationError(f"{ROOT_VARIABLE}={named}: no such folder; create it or unset the variable")
        return root.resolve()
    checkout = checkout_root()
    if checkout is not None:
        return checkout
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / STORE_FOLDER).is_dir() or (folder / MARKER).exists():
            return folder
    return here


def checkout_root() -> Path | None:
    """The checkout that the package was imported from; None when it was installed as a wheel."""
    top = Path(varesearch.__file__).resolve().parents[2]
    return top if (top / "pyproject.toml").is_file() and (top / "src" / "varesearch").is_dir() else None
