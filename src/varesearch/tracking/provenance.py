"""The description and the provenance of a run: name, parameters, hashes, command, code, versions, machine."""

import hashlib
import json
import logging
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from varesearch.config.addresses import redact
from varesearch.config.compose import Composed
from varesearch.config.files import input_files
from varesearch.config.launching import NOT_SCIENCE
from varesearch.config.plain import as_plain, is_one_value, shown_value, single_settings
from varesearch.config.plausibility import doubts
from varesearch.config.scaling import ScaleConfig
from varesearch.config.schema import Config
from varesearch.shell import code_span, command
from varesearch.tracking.tags import BACKEND, CONFIG_HASH, CONFIG_HASH_ANY_SEED, EXPERIMENT, INPUT_FILE, NOTE, WARNINGS

log = logging.getLogger(__name__)

# Shown in a list, so kept short; the whole configuration is an artifact.
_LONGEST_PARAM = 250
_LONGEST_NAME = 80
_GIT_S = 10.0
_LARGEST_DIFF = 5_000_000
_THREADS = re.compile(r".*_NUM_THREADS$|^PYTHONHASHSEED$|^CUDA_VISIBLE_DEVICES$")


@dataclass(frozen=True)
class Description:
    """The description of a run for whatever tracks it. Only ``resolved`` may hold credentials.

    Attributes
    ----------
    name
        The name of the run.
    resolved
        The configuration as plain dicts.
    made_by
        The command that makes it, quoted for a shell.
    overrides, choices
        The settings that the user gave, and the option that was chosen in each group.
    tags, params
        The tags and parameters in the store.
    """

    name: str
    resolved: Mapping[str, Any]
    made_by: str
    overrides: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)


def describe(composed: Composed, made_by: Sequence[str] = (), tags: Mapping[str, str] | None = None) -> Description:
    """Return the description of a run of a network.

    Parameters
    ----------
    composed
        Its configuration.
    made_by
        The words of the command that makes it; by default, that of the configuration.
    tags
        Further tags that it has from its first moment.
    """
    config, resolved = composed.config, composed.resolved
    overrides = tuple(redact(override) for override in composed.overrides)
    choices = {group: option for group, option in composed.choices.items() if option}
    shown = command(*map(redact, made_by or composed.command))
    doubted = [doubt.text for doubt in doubts(config)]
    described = {
        NOTE: code_span(shown),
        CONFIG_HASH: config_hash(resolved),
        CONFIG_HASH_ANY_SEED: config_hash(resolved, without=["seed"]),
        BACKEND: config.backend.name,
        **{f"{INPUT_FILE}{file.setting}": redact(str(file)) for file in input_files(config)},
        **({WARNINGS: "; ".join(doubted)} if doubted else {}),
        **({EXPERIMENT: choices["experiment"]} if "experiment" in choices else {}),
        **(tags or {}),
    }
    name = run_name(config, overrides, choices)
    return Description(name, resolved, shown, overrides, choices, described, flat_params(resolved))


def run_name(config: Config, overrides: Sequence[str], choices: Mapping[str, str]) -> str:
    """Return a readable name for lists: ``izhikevich brian2 n=1500``, then what the user changed.

    An experiment's name stands in the place of the cell's. Changes are the overrides of single values, under the last
    part of their key, as many as fit.
    """
    if config.tracking.run_name:
        return config.tracking.run_name
    structure = config.structure
    name = f"{choices.get('experiment') or structure.cell_names} {config.backend.name} n={structure.n_cells}"
    for override in overrides:
        key, _, value = override.lstrip("+~").partition("=")
        key = key.split("@")[0]
        if "/" in key or key in choices or key == "connectivity.n" or key.split(".")[0] in NOT_SCIENCE or not value:
            continue
        addition = f" {key.rpartition('.')[2]}={value}"
        if len(name) + len(addition) > _LONGEST_NAME:
            return f"{name} …"
        name += addition
    return name


def flat_params(resolved: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings as flat, short parameters: ``cell.a`` -> ``0.02``.

    A distribution is one parameter (``uniform(low=-65.0, high=-14.0)``); what is null is left out, and so is what does
    not belong to the science (tracking, launcher and the like). A value that is too long for a list is cut.

    Examples
    --------
    >>> flat_params({"cell": {"a": 0.02}, "seed": 3, "tracking": {"uri": None}})
    {'cell.a': '0.02', 'seed': '3'}
    """
    settings = single_settings(science(resolved))
    return {key: short(redact(_text(value))) for key, value in settings if value is not None}


def science(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that determine a result."""
    # Data and scales that are not given leave the hash of a configuration as it was before there were any.
    unset = ({}, as_plain(ScaleConfig()))
    return {key: value for key, value in resolved.items() if key not in NOT_SCIENCE and value not in unset}


def config_hash(resolved: Mapping[str, Any], without: Sequence[str] = ()) -> str:
    """Return the SHA-256 of the settings that determine a result, except the top-level ones in ``without``."""
    kept = {key: value for key, value in science(resolved).items() if key not in without}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()


def short(text: str, longest: int = _LONGEST_PARAM) -> str:
    """Return the text, cut with an ellipsis if it is longer than ``longest`` characters.

    Examples
    --------
    >>> short("izhikevich", longest=6)
    'izhik…'
    """
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _text(value: Any) -> str:
    if is_one_value(value):
        return shown_value(value, _text)
    return value if isinstance(value, str) else json.dumps(value, default=str)


@dataclass(frozen=True)
class Commit:
    """The state of the checkout: its commit, and how the code differs from it.

    ``dirty`` tells whether code that affects results was changed or added, ``diff`` contains these changes, including
    the new files that ``untracked`` lists.
    """

    checkout: str
    commit: str | None
    branch: str | None
    dirty: bool
    untracked: tuple[str, ...]
    diff: bytes


def read_commit(folder: Path, code: Sequence[str] = ()) -> Commit | None:
    """Read the commit of the checkout that ``folder`` is in; None without a checkout or without git.

    Parameters
    ----------
    folder
        The top of the checkout, or any folder in it.
    code
        The files and folders, relative to ``folder``, that a result depends on. Only changes in them count: pages,
        tests or a folder of the user's own options do not affect a result (options are stored in the configuration of
        the run). If it is empty, the checkout is not that of varesearch, and all tracked files count.
    """
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None:
        return None
    changed = _git(folder, "diff", "--name-only", "HEAD", "--", *code)
    added = _git(folder, "ls-files", "-z", "--others", "--exclude-standard", "--", *code) if code else b""
    untracked = tuple(name for name in (added or b"").decode(errors="replace").split("\0") if name)
    diff = (_git(folder, "diff", "--no-ext-diff", "--no-color", "HEAD", "--", *code) or b"") if changed else b""
    for name in untracked:
        if len(diff) > _LARGEST_DIFF:
            break
        diff += _whole(folder, name)
    if len(diff) > _LARGEST_DIFF:
        diff = diff[:_LARGEST_DIFF] + b"\n(cut here: the difference is larger)\n"
    return Commit(
        checkout=_line(top) or "",
        commit=_line(_git(folder, "rev-parse", "HEAD")),
        branch=_line(_git(folder, "rev-parse", "--abbrev-ref", "HEAD")),
        dirty=bool(changed or untracked),
        untracked=untracked,
        diff=diff,
    )


def _whole(folder: Path, name: str) -> bytes:
    """Return an untracked file as a diff that adds it."""
    # git exits with 1 because the file differs from the empty one.
    return _git(folder, "diff", "--no-ext-diff", "--no-color", "--no-index", "--", os.devnull, name, fine=(0, 1)) or b""


def versions() -> dict[str, str]:
    """Return the versions of Python and of every installed package by name, without importing any.

    Read from the names of the ``.dist-info`` folders (PyPA specification "Recording installed projects"), since
    reading their metadata takes ten times as long. Names are normalised: lower case, hyphens.
    """
    installed: dict[str, str] = {}
    # The first folder on the path wins, as in an import.
    for folder in reversed([path for path in sys.path if path]):
        for info in Path(folder).glob("*.dist-info"):
            name, _, version = info.stem.rpartition("-")
            installed[re.sub(r"[-_.]+", "-", name).lower()] = version
    return {"python": platform.python_version(), **dict(sorted(installed.items()))}


def machine() -> dict[str, Any]:
    """Describe this machine for the provenance of a run.

    It holds the host, the processor, the cores (physical, logical, usable by this process), the memory in bytes and the
    environment variables that set numbers of threads.
    """
    return {
        "host": _known(platform.node),
        "system": _known(platform.platform),
        "processor": _known(_processor),
        "physical_cores": _known(lambda: psutil.cpu_count(logical=False)),
        "logical_cores": _known(lambda: psutil.cpu_count(logical=True)),
        "usable_cores": _known(lambda: len(os.sched_getaffinity(0))),
        "memory_bytes": _known(lambda: psutil.virtual_memory().total),
        "environment": {name: value for name, value in sorted(os.environ.items()) if _THREADS.match(name)},
    }


def peak_memory_mb() -> float:
    """Return the most memory that this process has held so far (resident set), in MB of 10^6 bytes."""
    # ru_maxrss: kilobytes of 1024 on Linux (getrusage(2)), bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def origin(commit: Commit | None) -> dict[str, Any]:
    """Return the command and the state of the code that it ran, ready for JSON; the diff is stored separately."""
    return {
        "command": [redact(argument) for argument in sys.argv],
        "python": sys.executable,
        "folder": _known(os.getcwd),
        "checkout": commit and commit.checkout,
        "commit": commit and commit.commit,
        "branch": commit and commit.branch,
        "dirty": commit and commit.dirty,
        "untracked": commit and commit.untracked,
    }


def provenance(origin: Mapping[str, Any]) -> dict[str, Any]:
    """Return the provenance of a run, ready for JSON.

    ``origin`` may be that of another process; versions and machine are those of this one.
    """
    return {**origin, "versions": _known(versions), "machine": machine()}


def _known(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception:
        log.info("provenance: %s is not known here", getattr(ask, "__name__", ask), exc_info=True)
        return None


def _processor() -> str | None:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(("model name", "Model", "cpu model")):
            return line.partition(":")[2].strip()
    return platform.processor() or None


def _git(folder: Path, *arguments: str, fine: Sequence[int] = (0,)) -> bytes | None:
    git = shutil.which("git")
    if git is None:
        return None
    # No lock in the index, no pager, no question: the checkout may be busy, or not ours.
    command = [git, "--no-optional-locks", "--no-pager", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_GIT_S, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        log.info("provenance: git %s failed", arguments[0], exc_info=True)
        return None
    return done.stdout if done.returncode in fine else None


def _line(output: bytes | None) -> str | None:
    return output.decode(errors="replace").strip() if output is not None else None
