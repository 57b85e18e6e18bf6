"""Checks of the computer: compilers, memory, disk, and the store of the runs."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import byte_size
from varesearch.doctor.finding import Finding, State
from varesearch.free_memory import memory_bounds
from varesearch.preflight import FILES_OF_A_RUN, memory_need, recording_file_bytes
from varesearch.tracking.location import StoreLocation, cache_folder, locate_store
from varesearch.tracking.store import probe


def compilers(full: bool) -> Iterator[Finding]:
    """Check the compilers that make runs faster, or without which a feature is missing."""
    for language, variable, names, without in (
        (
            "C++",
            "CXX",
            ("g++", "c++"),
            "back ends cannot compile code; the checks of each back end show what is missing",
        ),
        ("C", "CC", ("gcc", "cc", "clang"), "the software board cannot be built, and interprets all code"),
    ):
        candidates = [name for name in (os.environ.get(variable), *names) if name]
        found = next((path for name in candidates if (path := shutil.which(name))), None)
        if found is None:
            yield Finding(
                "compilers", language, State.ABSENT, without, f"install {names[0]}, or name a compiler in {variable}"
            )
            continue
        process = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
        if process.returncode:
            mend = f"reinstall it, or name another in {variable}"
            yield Finding("compilers", language, State.BROKEN, f"{found} ends with {process.returncode}", mend)
        else:
            yield Finding("compilers", language, State.OK, f"{found}: {process.stdout.partition(chr(10))[0]}")


def memory(full: bool) -> Iterator[Finding]:
    """Check whether there is enough memory for a run of the default network."""
    bound, need = memory_bounds()[0], memory_need(compose().config).total
    found = f"{byte_size(bound.free)} {bound.what}; the default network takes {byte_size(need)}"
    if bound.free < need:
        yield Finding("memory", "memory", State.BROKEN, found, "end other programs, or run a smaller network")
    else:
        yield Finding("memory", "memory", State.OK, found)


def disk(full: bool) -> Iterator[Finding]:
    """Check whether the disks have room for the files of a run and for compiled code."""
    need = recording_file_bytes(compose().config) + FILES_OF_A_RUN
    try:
        where = locate_store()
        folders = {"disk of the runs": where.artifacts, "disk of compiled code": cache_folder()}
    except ConfigurationError as error:
        yield Finding("disk", "folders", State.BROKEN, str(error), "choose another folder by VARESEARCH_ROOT")
        return
    for what, folder in folders.items():
        existing = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
        free = shutil.disk_usage(existing).free
        found = f"{byte_size(free)} free in {existing}"
        if free < need:
            mend = "varesearch prune shows what can be removed; VARESEARCH_ROOT and XDG_CACHE_HOME name other folders"
            yield Finding("disk", what, State.BROKEN, f"{found}; a run takes {byte_size(need)}", mend)
        else:
            yield Finding("disk", what, State.OK, found)


def store(full: bool) -> Iterator[Finding]:
    """Check whether the store of the runs can be read and written, without changing it."""
    try:
        where = locate_store()
        yield _database(where.database) if where.database is not None else _server(where)
    except ConfigurationError as error:
        what, _, mend = str(error).partition("; ")
        yield Finding("store", "store", State.BROKEN, what, mend or _OTHER_STORE)


def _server(where: StoreLocation) -> Finding:
    probe(where.uri)
    return Finding("store", "store", State.OK, f"{where.shown} answers")


def _database(database: Path) -> Finding:
    folder = database.parent
    existing = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    try:
        tempfile.TemporaryFile(dir=existing).close()
        if not database.exists():
            return Finding("store", "store", State.OK, f"the first run makes {database}")
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True, timeout=_PATIENCE_S)) as opened:
            opened.execute("begin immediate")
            (runs,) = opened.execute("select count(*) from runs").fetchone()
            opened.rollback()
    except OSError as error:
        return Finding("store", "store", State.BROKEN, f"{existing}: {error.strerror or error}", _OTHER_STORE)
    except sqlite3.Error as error:
        mend = f"if it is damaged, put {database.name} back from a copy, or move it away: a new one is made"
        return Finding("store", "store", State.BROKEN, f"{database}: {error}", mend)
    return Finding("store", "store", State.OK, f"{database}, {runs:,} runs")


_OTHER_STORE = "make the folder writable, or name another by VARESEARCH_ROOT"
_PATIENCE_S = 10.0
