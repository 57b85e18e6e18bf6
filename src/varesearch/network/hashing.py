"""The content hash of a drawn network."""

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from varesearch.network.columns import Column, Given

if TYPE_CHECKING:
    from varesearch.network.model import Network, Population


def cell_content(population: "Population") -> dict[str, Any]:
    """The model of a population's cells, and the parameters of its equations that are the same for all of them."""
    names = (population.cell.key, *population.cell.parameters())
    different = varying_content(population)
    return {
        name: float(population.parameters[name][0]) if name in population.parameters else getattr(population.cell, name)
        for name in names
        if name not in different
    }


def varying_content(population: "Population") -> dict[str, np.ndarray]:
    """The parameters that differ between the cells of a population; an array of one value is no different from it."""
    return {name: values for name, values in population.parameters.items() if (values != values[0]).any()}


def content_hash(network: "Network") -> str:
    """Return the hash of everything that a simulator is given; :attr:`Network.hash` keeps it.

    Names, sizes, parameters and arrays (little-endian, with dtype and shape) go in. The seed and the integrator do not:
    where an array came from, and how the model is solved, do not change what the network is.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.

    Examples
    --------
    >>> from varesearch.config.compose import compose
    >>> from varesearch.network import draw
    >>> content_hash(draw(compose().config))[:12]
    '47b49cbe8b52'
    """
    digest = hashlib.sha256()

    def text(kind: str, **what: Any) -> None:
        digest.update(json.dumps([kind, what], sort_keys=True).encode())

    def array(values: np.ndarray) -> None:
        column(Given(values))

    def column(values: Column) -> None:
        little = values.dtype.newbyteorder("<")
        text("array", dtype=little.str, shape=values.shape)
        for part in values.parts():
            digest.update(np.ascontiguousarray(part, dtype=little).data)

    text("network", version=1, dt_ms=network.dt_ms, n_steps=network.n_steps, native_wiring=network.native_wiring)
    for population in network.populations:
        text("population", name=population.name, size=population.size, cell=cell_content(population))
        for name, values in sorted(varying_content(population).items()):
            text("parameter", name=name)
            array(values)
        for variable in sorted(population.initial):
            text("initial", variable=variable)
            array(population.initial[variable])
    for source in network.sources:
        text("source", name=source.name, size=source.size)
        array(source.sources)
        array(source.steps)
        if source.counts is not None:
            array(source.counts)
    for projection in network.projections:
        text(
            "projection",
            name=projection.name,
            pre=projection.pre,
            post=projection.post,
            receptor=projection.receptor,
        )
        for name in ("sources", "targets", "weights", "delay_steps"):
            column(projection.column(name))
        if projection.synapse is not None:  # static synapses have the hash that they had before there were others
            text("synapse", **projection.synapse.parameters())
    for current in network.currents:
        if current.is_step:
            amplitude, start = float(current.amplitudes[0]), current.start_step
            text("current", target=current.target, amplitude=amplitude, start_step=start, stop_step=current.stop_step)
            continue
        text("current", target=current.target, stop_step=current.stop_step)
        array(current.steps)
        array(current.amplitudes)
    return digest.hexdigest()
