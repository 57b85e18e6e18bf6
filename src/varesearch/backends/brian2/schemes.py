"""How a cell is stepped on Brian2: the step of its module, with what its kind of synapse adds.

All numbers are in the project's units (mV, ms, nF, nA, µS; mV/ms for cells without a capacitance). A step is applied at
a place of Brian2's schedule (:data:`SCHEDULE`) that follows from the kind of synapse.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import e
from typing import Any

from varesearch.backends.brian2.translation import SYNAPSES, steps_of
from varesearch.config.cell import Cell, Synapse
from varesearch.model.propagators import Parameters, decay
from varesearch.model.simulators import Step, derived

SCHEDULE = ["start", "groups", "synapses", "thresholds", "resets", "end"]
"""Brian2's, but with the arrivals before the thresholds: a voltage step over threshold gives a spike of its step."""


@dataclass(frozen=True)
class Scheme:
    """A cell's step on Brian2.

    ``state``: its variables. ``update``: the map of one step, with ``{drive}``. ``arrivals``: receptor -> what a spike
    of weight ``w_syn`` does. ``when``: the slot of the update. For the rest see
    :class:`varesearch.model.simulators.Step`.
    """

    step: Step
    state: tuple[str, ...]
    update: str
    arrivals: Mapping[str, str]
    when: str
    synapse: Synapse

    def constants(self, parameters: Parameters, dt_ms: float) -> dict[str, Any]:
        """Return the numbers, or arrays with one for each cell, that the update uses beside the parameters."""
        numbers: dict[str, Any] = {"h": dt_ms}
        for receptor in "EI" if SYNAPSES[self.synapse].decay else "":
            tau_ms = parameters[f"tau_syn_{receptor}"]
            numbers[f"decay_{receptor}"] = decay(tau_ms, dt_ms)
            if SYNAPSES[self.synapse].rises:
                numbers[f"rise_{receptor}"] = e * dt_ms / tau_ms * decay(tau_ms, dt_ms)
        return numbers | derived(self.step.constants, parameters, dt_ms)

    def starts(self, parameters: Parameters, dt_ms: float) -> dict[str, Any]:
        """Return the values at time 0 of further variables that do not start at 0."""
        return derived(self.step.starts, parameters, dt_ms)


def scheme_of(cell: Cell) -> Scheme:
    """Return the scheme of a cell whose integrator is known. Raises KeyError if it does not have that integrator."""
    step, synapses = steps_of(type(cell))[cell.integrator], SYNAPSES[cell.synapse]
    # A voltage step that meets a refractory cell is lost, as in NEST.
    held = cell.synapse is Synapse.VOLTAGE_STEP and "tau_refrac" in cell.parameters()
    weight = "w_syn*int(t_in_timesteps >= free_from_post)" if held else "w_syn"
    return Scheme(
        step=step,
        state=(*cell.variables, *synapses.variables, *step.further),
        update=f"{step.update}\n{synapses.decay}",
        arrivals={
            receptor: f"{variable}_post += {weight}"
            for receptor, variable in zip(("excitatory", "inhibitory"), synapses.into, strict=True)
        },
        when=synapses.when,
        synapse=cell.synapse,
    )
