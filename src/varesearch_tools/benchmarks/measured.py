"""What one process measured of itself, and how it reports that to the process that started it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from varesearch.phases import Phases, PhaseTime
from varesearch.tracking.provenance import peak_memory_mb


@dataclass(frozen=True)
class Measured:
    """One repetition of a case, measured from inside its process.

    ``phases`` in the order in which they ended; ``within_s`` the simulator's own phases (wall s, parts of ours);
    ``facts`` what was simulated (``synapses``, ``spikes``, ``synaptic_events``, ...) and what a back end knows;
    ``notes`` words that go with them; ``memory_mb`` the largest resident set of this process, in MB of 10^6 bytes (a
    compiled program or a board is another process).
    """

    phases: dict[str, PhaseTime]
    facts: dict[str, float]
    within_s: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    memory_mb: float = 0.0

    @classmethod
    def here(
        cls,
        phases: Phases,
        facts: Mapping[str, float],
        within_s: Mapping[str, float] | None = None,
        notes: Mapping[str, str] | None = None,
    ) -> Self:
        """With the memory that this process has taken so far."""
        return cls(
            dict(phases.times),
            {name: float(value) for name, value in facts.items()},
            dict(within_s or {}),
            dict(notes or {}),
            peak_memory_mb(),
        )

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """From :meth:`to_json`. Raises KeyError or TypeError for anything else."""
        phases = {name: PhaseTime(**spent) for name, spent in content["phases"].items()}
        return cls(**{**content, "phases": phases})

    def to_json(self) -> dict[str, Any]:
        """Plain dicts and numbers."""
        return asdict(self)

    def report(self) -> None:
        """Print it as the last line of standard output, where :func:`measured_from` reads it."""
        print(f"\n{json.dumps(self.to_json())}", flush=True)


def measured_from(output: str) -> Measured:
    """What a process measured_from of itself. Raises ValueError if it told nothing."""
    lines = output.strip().splitlines()
    try:
        return Measured.from_json(json.loads(lines[-1]))
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no measurement in the last line of the output: {lines[-1:]}") from error
