"""Find the parts of a kind: the cells, the wiring rules, the stimuli and so on.

A part is a class in a module of its own. The name of the module is the name of the part, so ``my_cell.py`` holds what
is chosen by ``cell=my_cell``. Parts are found in three places, and nothing lists them:

1. the modules of the package of their kind, which varesearch brings along;
2. installed distributions that name a module under the entry point group :data:`ENTRY_POINTS`;
3. files ``NAME.py`` in the folder that the user names by ``--config-dir``. Importing a file runs it. The folder
   therefore only ever comes from a command line, never from a configuration or a recorded run.

Modules whose name begins with an underscore hold what several parts share. A file of the user's may import such a
module beside it: ``from ._shared import decay``.
"""

import hashlib
import importlib
import inspect
import pkgutil
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from types import ModuleType
from typing import ClassVar, TypeVar

from varesearch.config.errors import ConfigurationError

ENTRY_POINTS = "varesearch.parts"
"""Entry point group of installed parts; the value of an entry point is the module of one part."""

_OWN = "varesearch_own"


class Part:
    """The base class of the base classes of all kinds.

    The base class of a kind sets ``group`` (the word for it in messages, which is the configuration's group if it has
    one), ``package`` (the package whose modules are the parts that varesearch has) and, if parts of the kind are
    settings, ``key`` (the setting that holds the name of the part).
    """

    group: ClassVar[str] = ""
    package: ClassVar[str] = ""
    key: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Give a dataclass of settings the name of its module as the default of its ``key``."""
        super().__init_subclass__(**kwargs)
        if cls.key and "group" not in cls.__dict__:
            cls.__annotations__ = {cls.key: str} | inspect.get_annotations(cls)
            setattr(cls, cls.key, part_name(cls))

    @classmethod
    def definition_fault(cls) -> str:
        """What is wrong with the part as it is written, for its author; ``""`` if nothing is."""
        return ""


P = TypeVar("P", bound=Part)


@dataclass(frozen=True)
class _Found:
    """A part, and where it was found: the file, or the module of an installed distribution."""

    part: type[Part]
    where: str


def part_name(part: type[Part]) -> str:
    """The name of a part: that of its module."""
    return part.__module__.rpartition(".")[2]


@cache
def parts(base: type[P], config_dir: Path | None = None) -> Mapping[str, type[P]]:
    """The parts of a kind.

    Parameters
    ----------
    base
        The base class of the kind.
    config_dir
        The folder that the user named by ``--config-dir``.

    Returns
    -------
    Mapping
        Name -> part, sorted by name.

    Raises
    ------
    ConfigurationError
        A module cannot be imported, holds no part or several, or two parts have the same name.

    Examples
    --------
    >>> from varesearch.config.cell import Cell
    >>> parts(Cell)["izhikevich"].unit_of("i_offset")
    'mV/ms'
    """
    found: dict[str, _Found] = {}
    for each in (*_shipped(base.package), *_installed(), *(_own(config_dir.resolve()) if config_dir else ())):
        if not issubclass(each.part, base):
            continue
        name = part_name(each.part)
        if name in found:
            raise ConfigurationError(
                f"{base.group}={name} is defined twice, by {found[name].where} and by {each.where}; rename one of them"
            )
        found[name] = each
    return {name: found[name].part for name in sorted(found)}  # type: ignore[misc]


def own_parts(config_dir: Path | None = None) -> tuple[type[Part], ...]:
    """The parts of all kinds that varesearch does not bring along: installed ones and those in the user's folder.

    Raises ConfigurationError as :func:`parts` does.
    """
    found = (*_installed(), *(_own(config_dir.resolve()) if config_dir else ()))
    return tuple(each.part for each in found)


def own_sources(part: type[Part]) -> dict[str, bytes]:
    """The source files of a part that varesearch does not bring along: name -> content; none for one that it does.

    Modules beside a user's file that begin with an underscore belong to it, if they were imported.
    """
    module = sys.modules[part.__module__]
    if part.__module__.startswith(f"{part.package}."):
        return {}
    files = [module]
    package, _, name = part.__module__.rpartition(".")
    if package.startswith(_OWN):
        beside = (it for key, it in sorted(sys.modules.items()) if key.startswith(f"{package}._"))
        files += [it for it in beside if it.__name__ != f"{package}.{name}"]
    return {Path(str(it.__file__)).name: _source(it) for it in files}


def own_files(config_dir: Path) -> list[Path]:
    """The files of a folder that are to hold parts."""
    return sorted(path for path in config_dir.glob("*.py") if not path.name.startswith("_"))


def _source(module: ModuleType) -> bytes:
    """The text that a module was made from, as far as it is known; else that of its file now."""
    executed: bytes | None = getattr(module, "__source__", None)
    return Path(str(module.__file__)).read_bytes() if executed is None else executed


@cache
def _shipped(package: str) -> tuple[_Found, ...]:
    modules = pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}.")
    names = [it.name for it in modules if not it.name.rpartition(".")[2].startswith("_")]
    return tuple(_only_part(importlib.import_module(name), "varesearch") for name in names)


@cache
def _installed() -> tuple[_Found, ...]:
    found = []
    for distribution in distributions():
        # Reading the text first takes a quarter of the time of parsing the entry points of every distribution.
        if f"[{ENTRY_POINTS}]" not in (distribution.read_text("entry_points.txt") or ""):
            continue
        for entry in distribution.entry_points.select(group=ENTRY_POINTS):
            where = f"the installed module {entry.module} ({distribution.name})"
            with _import_errors_named(where, f"{entry.module.replace('.', '/')}.py"):
                module = importlib.import_module(entry.module)
            found.append(_checked(_only_part(module, where)))
    return tuple(found)


@cache
def _own(folder: Path) -> tuple[_Found, ...]:
    package = ModuleType(f"{_OWN}_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}")
    package.__path__ = [str(folder)]
    sys.modules[package.__name__] = package
    files = [_only_part(_import_file(path, package.__name__), str(path)) for path in own_files(folder)]
    return tuple(map(_checked, files))


def _import_file(path: Path, package: str) -> ModuleType:
    """Import a user's file from its text, so that what is stored with a run is what was executed."""
    name = f"{package}.{path.stem}"
    with _import_errors_named(str(path), str(path)):
        module = ModuleType(name)
        module.__file__, module.__package__ = str(path), package
        source = path.read_bytes()
        module.__dict__["__source__"] = source
        sys.modules[name] = module
        writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)
        except BaseException:
            del sys.modules[name]
            raise
        finally:
            sys.dont_write_bytecode = writes
    return module


class _import_errors_named:  # noqa: N801 (used as a function)
    """Inside ``with``, whatever an import raises becomes a ConfigurationError of one line, with the line of the file.

    A class rather than a generator, which would put its own frames into the traceback.
    """

    def __init__(self, where: str, file: str) -> None:
        self._where, self._file = where, file

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, tb: object) -> None:
        if error is None or not isinstance(error, Exception | SystemExit):
            return
        lines = [it.lineno for it in traceback.extract_tb(error.__traceback__) if it.filename.endswith(self._file)]
        if isinstance(error, SyntaxError) and str(error.filename).endswith(self._file):
            lines.append(error.lineno)
        line = f", line {lines[-1]}" if lines else ""
        message = error.msg if isinstance(error, SyntaxError) else str(error)
        what = f"{type(error).__name__}: {' '.join(message.split())}".removesuffix(": ")
        raise ConfigurationError(f"{self._where}{line} cannot be imported ({what}); mend or remove it") from None


def _only_part(module: ModuleType, where: str) -> _Found:
    """The one part that a module defines. Raises ConfigurationError if it defines none or several."""
    defined = list(_defined(module))
    if not defined:
        raise ConfigurationError(
            f"{where} holds no part: define a class that derives from the base class of its kind (see docs/how-to), "
            "or begin the file's name with an underscore if other files import it"
        )
    if len(defined) > 1:
        names = ", ".join(part.__name__ for part in defined)
        raise ConfigurationError(f"{where} holds {len(defined)} parts ({names}); put each into a file of its own")
    return _Found(defined[0], where)


def _checked(found: _Found) -> _Found:
    """The part. Raises ConfigurationError if its author left something out."""
    if fault := found.part.definition_fault():
        raise ConfigurationError(f"{found.where}: {found.part.__name__} {fault}")
    return found


def _defined(module: ModuleType) -> Iterator[type[Part]]:
    for name, value in vars(module).items():
        if not inspect.isclass(value) or not issubclass(value, Part) or value.__module__ != module.__name__:
            continue
        if not name.startswith("_") and value.group and name == value.__name__:
            yield value
