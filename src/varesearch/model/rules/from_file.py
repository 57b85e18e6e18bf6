"""Synapses from a list in a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from varesearch.model.rules import (
    Given,
    ProjectionSettings,
    Rule,
    Synapses,
    file_setting,
    per_projection,
    quantity,
    refuse,
)
from varesearch.model.rules._lists import ListFile


@dataclass
class FromFile(Rule):
    """The synapses of a projection are those of a list in a file.

    A row is a synapse: ``source`` and ``target`` count the cells of their populations from 0, ``weight`` is a magnitude
    in the unit of the target's cell, ``delay_ms`` is in ms and rounded to the time step. Without a column ``weight`` or
    ``delay_ms`` the settings give the weights or delays. The file is CSV with a header, npz with arrays of these names
    (or ``PROJECTION.source`` and so on for several projections), or edges of SONATA (.h5;
    Dai et al. 2020, PLoS Comput. Biol. 16:e1007696), whose attributes are called
    ``syn_weight`` and ``delay``. The run keeps the file's path and SHA-256.
    """

    file: str | None = per_projection(file_setting("list of synapses: .csv, .npz, or .h5 with edges of SONATA"))
    edges: str | None = per_projection(
        quantity(None, "", "edge population in a file of SONATA; null: that of the projection's name, or the only one")
    )

    def check_projection(self, projection: ProjectionSettings) -> None:
        if projection["file"] is None:
            refuse(
                projection.key("file"),
                None,
                f"names no file for {projection.name}; write connectivity.{projection.name}.file=FILE for each "
                "projection, or connectivity.file=FILE for one that holds all",
            )
        ListFile.of(projection).count()

    def check_step(self, projection: ProjectionSettings, dt_ms: float) -> None:
        ListFile.of(projection).check_delays(dt_ms)

    def listed(self, projection: ProjectionSettings) -> Mapping[str, Given]:
        return ListFile.of(projection).given()

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return float(ListFile.of(projection).count())

    def rescaled(self, projection: ProjectionSettings, full: ProjectionSettings, in_degree: float) -> dict[str, Any]:
        refuse(
            projection.key("file"),
            projection["file"],
            "is a list of synapses, which cannot be scaled; write scale.cells=1 and scale.in_degree=1",
        )

    def connect(self, projection: ProjectionSettings, rng: np.random.Generator) -> Synapses:
        return ListFile.of(projection).synapses()
