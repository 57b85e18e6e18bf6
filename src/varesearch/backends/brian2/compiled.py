"""Brian2's Cython modules, cached between runs under the rule for code that is executed.

Brian2 loads any file with the right name from the folder it is given, and anybody can compute that name. It is
therefore given an empty folder that belongs to this run alone. When Brian2 asks for a module that an earlier run
compiled, the module is verified (:mod:`private_folder`) and put there; newly compiled modules are cached.

Brian2's extension manager has no hook around the loading of a module, so its private method ``_load_module`` is
replaced on the one instance that Brian2 has, and only inside :func:`kept_modules`. The public method before it,
``create_extension``, makes the module's name itself and holds its lock: in its place all of that would be copied here.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from private_folder import PrivateFolder


@contextmanager
def kept_modules(folder: Path) -> Iterator[None]:
    """Inside ``with``, cache the modules that Brian2 compiles in ``folder``.

    Raises NotPrivateError if others could write to the folder.
    """
    from brian2.codegen.runtime.cython_rt.extension_manager import cython_extension_manager

    private = PrivateFolder(folder)
    manager: Any = cython_extension_manager
    load = manager._load_module

    def load_module(module_path: str, *, module_name: str, **rest: Any) -> Any:
        place = Path(module_path)
        suffix = place.name.removeprefix(module_name)
        for kept in private.find(module_name, suffix)[:1]:
            _put(kept, place)
        known = place.exists()
        module = load(module_path, module_name=module_name, **rest)
        if not known and module is not None:
            with suppress(OSError):  # on a full disk the next run compiles it again
                copy = private.path / f".{place.name}.{os.getpid()}"
                shutil.copyfile(place, copy)
                private.keep(copy, module_name, suffix)
        return module

    manager._load_module = load_module
    try:
        yield
    finally:
        del manager._load_module


def _put(kept: Path, place: Path) -> None:
    try:
        place.hardlink_to(kept)
    except FileExistsError:
        pass
    except OSError:  # another file system
        shutil.copyfile(kept, place)
