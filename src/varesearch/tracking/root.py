"""Where a project keeps its runs, found wherever the command is started."""

import os
from pathlib import Path

import varesearch
from private_folder import NotPrivateError, PrivateFolder
from varesearch.config.errors import ConfigurationError

ROOT_VARIABLE = "VARESEARCH_ROOT"
MARKER = ".varesearch"
STORE_FOLDER = "mlruns"


def cache_folder() -> Path:
    """The folder, made if there is none, where back ends and plots keep what later runs can use again.

    What is in it is executed: compiled cells, the pickles of batch jobs. It is therefore the user's own and closed to
    everybody else, and never part of a store, which may be shared or received from somebody. The first of these that
    nobody else can write to: ``varesearch`` in the folder that XDG_CACHE_HOME names, if it names one; ``.cache`` of the
    checkout; ``~/.cache/varesearch``.

    Raises ConfigurationError if all of them can be written by others, or cannot be made.
    """
    named, checkout = os.environ.get("XDG_CACHE_HOME"), checkout_root()
    folders = [Path(named) / "varesearch"] if named and Path(named).is_absolute() else []
    folders += [checkout / ".cache" / "varesearch"] if checkout is not None else []
    folders += [Path(os.path.expanduser("~/.cache/varesearch"))]  # noqa: PTH111 (Path's own raises without a home)
    reasons = []
    for folder in folders:
        try:
            return PrivateFolder(folder).path
        except NotPrivateError as error:
            reasons.append(str(error))
    raise ConfigurationError(
        f"no folder is safe for compiled code, which is executed: {'; '.join(reasons)}; let XDG_CACHE_HOME name a "
        "folder that only you can write to"
    )


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
