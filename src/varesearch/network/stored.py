"""Save a network to one file of arrays, so that a run of a network that a program made can be repeated."""

import json
import zipfile
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np

from varesearch.config.cell import Cell
from varesearch.config.parts import Part, parts
from varesearch.config.plain import as_plain
from varesearch.config.synapse_type import SynapseType
from varesearch.network.columns import Column, Given, compact
from varesearch.network.model import SYNAPSES, CurrentInput, Network, Population, Projection, SpikeSource
from varesearch.whole_files import whole_file

NETWORK_FILE = "network.npz"
_VERSION = 2
_READ = (1, 2)
"""Version 1 has no parameters that differ between cells."""

P = TypeVar("P", bound=Part)


def save_network(network: Network, path: Path) -> Path:
    """Write a network to a file that ``numpy.load`` opens: a JSON text ``network`` and the arrays that it names.

    Examples
    --------
    >>> from varesearch.config.compose import compose
    >>> from varesearch.network import draw
    >>> network = draw(compose(["connectivity.n=50"]).config)
    >>> load_network(save_network(network, Path("network.npz"))).hash == network.hash
    True
    """
    columns: dict[str, Column] = {}

    def kept(name: str, values: np.ndarray | Column) -> str:
        columns[name] = values if isinstance(values, Column) else Given(np.asarray(values))
        return name

    text = {
        "version": _VERSION,
        "dt_ms": network.dt_ms,
        "n_steps": network.n_steps,
        "seed": network.seed,
        "populations": [
            {
                "name": p.name,
                "size": p.size,
                "cell": as_plain(p.cell),
                "initial": {key: kept(f"{p.name}.initial.{key}", values) for key, values in p.initial.items()},
                "parameters": {k: kept(f"{p.name}.parameters.{k}", values) for k, values in p.parameters.items()},
                "positions_mm": None if p.positions_mm is None else kept(f"{p.name}.positions_mm", p.positions_mm),
            }
            for p in network.populations
        ],
        "sources": [
            {
                "name": s.name,
                "size": s.size,
                **{key: kept(f"{s.name}.{key}", getattr(s, key)) for key in _SOURCE},
                **({} if s.counts is None else {"counts": kept(f"{s.name}.counts", s.counts)}),
            }
            for s in network.sources
        ],
        "projections": [
            {
                "name": p.name,
                "pre": p.pre,
                "post": p.post,
                "receptor": p.receptor,
                **{key: kept(f"{p.name}.{key}", p.column(key)) for key in SYNAPSES},
                **({} if p.synapse is None else {"synapse": as_plain(p.synapse)}),
            }
            for p in network.projections
        ],
        "currents": [
            {"target": it.target, "amplitude": float(it.amplitudes[0]), "start_step": it.start_step}
            | {"stop_step": it.stop_step}
            if it.is_step
            else {
                "target": it.target,
                "steps": kept(f"current.{index}.steps", it.steps),
                "amplitudes": kept(f"current.{index}.amplitudes", it.amplitudes),
                "stop_step": it.stop_step,
            }
            for index, it in enumerate(network.currents)
        ],
    }
    kept("network", np.array([json.dumps(text)]))
    with whole_file(path) as draft, zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, column in columns.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                _write(file, column)
    return path


def _write(file: IO[bytes], column: Column) -> None:
    """Write a column as ``numpy.save`` writes an array, some values at a time."""
    header = {"descr": np.lib.format.dtype_to_descr(column.dtype), "fortran_order": False, "shape": column.shape}
    np.lib.format.write_array_header_1_0(file, header)
    for part in column.parts():
        file.write(np.ascontiguousarray(part).data)


_SOURCE = ("sources", "steps")


def load_network(path: Path, config_dir: Path | None = None) -> Network:
    """Return the network in a file; ``config_dir`` is the folder with cells of the user's own, which it cannot name.

    Raises ValueError, one line, for a file that is broken or of another version, and for a cell that is not known.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            return _network(json.loads(str(data["network"].reshape(-1)[0])), data, config_dir)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path.name} cannot be read ({' '.join(str(error).split())})") from error


def _network(text: dict[str, Any], data: Any, config_dir: Path | None) -> Network:
    if text["version"] not in _READ:
        raise ValueError(f"it has version {text['version']}, and this program reads versions up to {_VERSION}")
    return Network(
        text["dt_ms"],
        text["n_steps"],
        text["seed"],
        tuple(
            Population(
                p["name"],
                p["size"],
                _part(Cell, "cells", p["cell"], config_dir),
                {key: data[name] for key, name in p["initial"].items()},
                None if p["positions_mm"] is None else data[p["positions_mm"]],
                {key: data[name] for key, name in p.get("parameters", {}).items()},
            )
            for p in text["populations"]
        ),
        tuple(
            SpikeSource(
                s["name"],
                s["size"],
                *(data[s[key]] for key in _SOURCE),
                counts=data[s["counts"]] if "counts" in s else None,
            )
            for s in text["sources"]
        ),
        tuple(
            Projection(
                p["name"],
                p["pre"],
                p["post"],
                p["receptor"],
                *(compact(data[p[key]]) for key in SYNAPSES),
                synapse=_part(SynapseType, "synapses", p["synapse"], config_dir) if "synapse" in p else None,
            )
            for p in text["projections"]
        ),
        tuple(
            CurrentInput(it["target"], data[it["steps"]], data[it["amplitudes"]], it["stop_step"])
            if "steps" in it
            else CurrentInput.step(**it)
            for it in text["currents"]
        ),
    )


def _part(kind: type[P], what: str, settings: dict[str, Any], config_dir: Path | None) -> P:
    """The part of these settings, one of the ``what`` of the network. Raises ValueError if it is not known."""
    known, name = parts(kind, config_dir), settings[kind.key]
    if name not in known:
        raise ValueError(
            f"it has {what} of the {kind.key} {name}, which is not known here; if it is a part of your own, name the "
            "folder that holds it by --config-dir"
        )
    return known[name](**settings)
