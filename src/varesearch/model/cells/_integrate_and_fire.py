"""What the leaky integrate-and-fire cells share."""

from dataclasses import dataclass

from varesearch.model.cells import (
    HOLD,
    Cell,
    ValueSetting,
    check_at_least,
    check_few_steps,
    check_multiple,
    drawn,
    quantity,
    ranges,
    refuse,
    uniform,
)

THRESHOLD = "v >= v_thresh"
RESET = f"v = v_reset\n{HOLD}"

NEST = {
    "v_rest": "E_L",
    "v_reset": "V_reset",
    "v_thresh": "V_th",
    "cm": "C_m, x 1000 in pF",
    "tau_refrac": "t_ref",
    "i_offset": "I_e, x 1000 in pA",
}
"""What PyNN makes of the parameters for NEST."""

NEST_SYNAPSES = {"tau_syn_E": "tau_syn_ex", "tau_syn_I": "tau_syn_in"}
"""The same for cells whose currents or conductances decay."""


@dataclass
class IntegrateAndFire(Cell):
    """Leaky integrate-and-fire: cm dv/dt = cm (v_rest - v)/tau_m + i_offset + i_syn (PyNN ``IF_*``)."""

    v_rest: float = quantity(-49.0, "mV", "resting potential", plausible=ranges.POTENTIAL_MV)
    v_reset: float = quantity(-60.0, "mV", "v after a spike", plausible=ranges.POTENTIAL_MV)
    v_thresh: float = quantity(-50.0, "mV", "spike threshold", plausible=ranges.POTENTIAL_MV)
    cm: float = quantity(0.2, "nF", "membrane capacitance", plausible=ranges.CAPACITANCE_NF)
    tau_m: float = quantity(20.0, "ms", "membrane time constant", plausible=ranges.TIME_CONSTANT_MS)
    tau_refrac: float = quantity(5.0, "ms", "refractory period", plausible=ranges.REFRACTORY_MS)
    i_offset: float = quantity(0.0, "nA", "constant input current", plausible=ranges.CURRENT_NA)
    v_init: ValueSetting = drawn(uniform(-60.0, -50.0), "mV", "v at time 0", plausible=ranges.POTENTIAL_MV)

    def check(self, dt_ms: float) -> None:
        if self.v_reset >= self.v_thresh:
            below = f"must be below cell.v_thresh={self.v_thresh:g} mV"
            refuse("cell.v_reset", self.v_reset, f"{below}; else firing never stops")
        self.check_refractory(dt_ms)
        if self.integrator == "euler" and self.tau_m < dt_ms:
            refuse("cell.tau_m", self.tau_m, f"is too fast for cell.integrator=euler; it must be at least {dt_ms:g} ms")

    def check_refractory(self, dt_ms: float) -> None:
        """Raise ConfigurationError for a refractory period that no simulator can count in steps."""
        check_at_least("cell.tau_refrac", self.tau_refrac, 0.0, "ms")
        check_few_steps("cell.tau_refrac", self.tau_refrac, dt_ms)
        check_multiple("cell.tau_refrac", self.tau_refrac, dt_ms)
