"""Published speeds and energies of another network on other machines, shown beside ours for orientation."""

from dataclasses import dataclass

NETWORK = "cortical microcircuit (PD14: Potjans and Diesmann 2014, 77,169 cells, 0.3 billion synapses)"
SOURCE = "Senk et al. 2026, Neuromorphic Computing and Engineering 6(1):012001, doi 10.1088/2634-4386/ae379a"
"""The paper that collects the studies below; the values are those of its table."""


@dataclass(frozen=True)
class Published:
    """For :data:`NETWORK`, ``realtime_factor``: wall time / simulated time; ``energy_uj``: µJ for a synaptic event."""

    system: str
    study: str
    realtime_factor: float
    energy_uj: float


PUBLISHED = (
    Published("SpiNNaker, 6 boards", "van Albada et al. 2018", 20.0, 4.4),
    Published("SpiNNaker, 12 boards", "Rhodes et al. 2019", 1.0, 0.60),
    Published("NEST, 12 nodes", "van Albada et al. 2018", 2.47, 9.94),
    Published("NEST, 2 nodes", "Kurth et al. 2022", 0.53, 0.48),
    Published("GeNN, Tesla V100", "Knight and Nowotny 2018", 1.84, 0.47),
    Published("GeNN, RTX 4090", "Golosio et al. 2023", 0.27, 0.074),
    Published("neuroAIx, 35 FPGAs", "Kauth et al. 2023", 0.05, 0.048),
)
