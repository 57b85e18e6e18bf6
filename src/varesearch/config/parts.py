"""Find the parts of a kind: the cells, the wiring rules, the stimuli and so on.

A part is a class in a module of its own. The name of the module is the name of the part, so ``my_cell.py`` holds what
is chosen by ``cell=my_cell``. Parts are found in three places, and nothing lists them:

1. the modules of the package of their kind, which varesearch brings along;
2. installed distributions that name a module under the entry point group :data:`ENTRY_POINTS`;
3. files ``NAME.py``, or packages ``NAME/__init__.py``, in the folder that the user names by ``--config-dir``.
   Importing a file runs it. The folder therefore only ever comes from a command line, never from a configuration or a
   recorded run.

Modules whose name begins with an underscore hold what several parts share. A file of the user's may import such a
module beside it: ``from ._shared import decay``.
"""

import hashlib
import importlib
import inspect
import pkgutil
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.metadata import distributions
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import ClassVar, TypeVar

from varesearch.config.errors import ConfigurationError

ENTRY_POINTS = "varesearch.parts"
"""Entry point group of installed parts; the value of an entry point is the module of one part."""

_OWN = "varesearch_own"
_SOURCES = (".py", ".c", ".h", ".cpp", ".hpp", ".cc")
"""The files of a part that is a package."""


class Part:
    """The base class of the base classes of all kinds.

    The base class of a kind sets ``group`` (the word for it in messages, which is the configuration's group if it has
    one), ``package`` (the package whose modules are the parts that varesearch has) and, if parts of the kind are
    settings, ``key`` (the setting that holds the name of the part).
    """

    group: ClassVar[str] = ""
    package: ClassVar[str] = ""
    key: ClassVar[str] = ""
    folders: ClassVar[bool] = False
    """Whether each part in ``package`` is a package of its own; the modules beside them are then shared."""

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
    for each in (
        *_shipped(base.package, base.folders),
        *_installed(),
        *(_own(config_dir.resolve()) if config_dir else ()),
    ):
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

    A package is kept whole. Modules beside a user's file that begin with an underscore belong to it, if they were
    imported.
    """
    if is_shipped(part):
        return {}
    module = sys.modules[part.__module__]
    file, package = Path(str(module.__file__)), part.__module__.rpartition(".")[0]
    paths = [file]
    if hasattr(module, "__path__"):
        paths = sorted(path for path in file.parent.rglob("*") if path.suffix in _SOURCES)
    if package.startswith(_OWN):
        beside = (it for name, it in sorted(sys.modules.items()) if name.startswith(f"{package}._"))
        paths += [Path(str(it.__file__)) for it in beside]
    top = file.parent.parent if hasattr(module, "__path__") else file.parent
    executed = {it.__file__: it.__source__ for it in list(sys.modules.values()) if hasattr(it, "__source__")}
    return {str(path.relative_to(top)): executed.get(str(path)) or path.read_bytes() for path in dict.fromkeys(paths)}


def is_shipped(part: type[Part]) -> bool:
    """Whether varesearch brings the part along."""
    return part.__module__.startswith(f"{part.package}.")


def own_folder(part: type) -> Path | None:
    """The folder, given by ``--config-dir``, that a class of the user's own comes from; None for any other class."""
    top = part.__module__.partition(".")[0]
    return Path(sys.modules[top].__path__[0]) if top.startswith(_OWN) else None


def own_files(config_dir: Path) -> list[Path]:
    """The files of a folder that are to hold parts."""
    files = {path: path.stem for path in config_dir.glob("*.py")}
    files |= {path: path.parent.name for path in config_dir.glob("*/__init__.py")}
    return sorted(path for path, name in files.items() if not name.startswith("_"))


@cache
def _shipped(package: str, folders: bool) -> tuple[_Found, ...]:
    modules = pkgutil.iter_modules(importlib.import_module(package).__path__)
    names = [it.name for it in modules if not it.name.startswith("_") and (it.ispkg or not folders)]
    return tuple(_only_part(importlib.import_module(f"{package}.{name}"), "varesearch") for name in names)


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
    if _OwnFinder not in sys.meta_path:
        sys.meta_path.insert(0, _OwnFinder)
    found = []
    for path in own_files(folder):
        name = path.parent.name if path.name == "__init__.py" else path.stem
        with _import_errors_named(str(path), str(path)):
            module = importlib.import_module(f"{package.__name__}.{name}")
        found.append(_only_part(module, str(path)))
    return tuple(map(_checked, found))


class _OwnFinder:
    """Finds the modules in a user's folder, so that :class:`_OwnLoader` loads them."""

    @classmethod
    def find_spec(cls, name: str, path: Sequence[str] | None, target: object = None) -> ModuleSpec | None:
        if not name.startswith(_OWN):
            return None
        stem = name.rpartition(".")[2]
        for folder in path or ():
            for file in (Path(folder, stem, "__init__.py"), Path(folder, f"{stem}.py")):
                if file.is_file():
                    return spec_from_file_location(name, file, loader=_OwnLoader(name, str(file)))
        return None


class _OwnLoader(SourceFileLoader):
    """Runs the text of a file and keeps it, so that what is stored with a run is what was executed.

    It leaves no byte code in the user's folder.
    """

    def exec_module(self, module: ModuleType) -> None:
        source = Path(self.path).read_bytes()
        module.__dict__["__source__"] = source
        exec(compile(source, self.path, "exec", dont_inherit=True), module.__dict__)


@contextmanager
def _import_errors_named(where: str, file: str) -> Iterator[None]:
    """Turn whatever an import raises into a ConfigurationError of one line, which names the line of the file."""
    try:
        yield
    except (Exception, SystemExit) as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(file)]
        if isinstance(error, SyntaxError) and str(error.filename).endswith(file):
            lines.append(error.lineno)
        line = f", line {lines[-1]}" if lines else ""
        message = error.msg if isinstance(error, SyntaxError) else str(error)
        what = f"{type(error).__name__}: {' '.join(message.split())}".removesuffix(": ")
        raise ConfigurationError(f"{where}{line} cannot be imported ({what}); mend or remove it") from None


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
