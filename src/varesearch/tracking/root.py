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
    """The folder in which back ends and plots keep what later runs can use again; it is created if necessary.

    Its content is executed: compiled cells, the pickles of batch jobs. It therefore belongs to the user, is closed to
    everybody else, and is never part of a store, which may be shared or come from somebody else. It is the first of
    these folders that nobody else can write to: ``$XDG_CACHE_HOME/varesearch`` if that variable is set;
    ``.cache/varesearch`` in the checkout; ``~/.cache/varesearch``.

    Raises ConfigurationError if others can write to all of them, or none can be created.
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
        f"no folder is safe for compiled code, which is executed: {'; '.join(reasons)}; set XDG_CACHE_HOME to a "
        "folder that only you can write to"
    )


def jobs_folder() -> Path:
    """Where the files of this user's batch jobs are kept."""
    return cache_folder() / "slurm"


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
