"""What the leaky integrate-and-fire cells share."""

from dataclasses import dataclass

from varesearch.model.cells import (
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


@dataclass
class IntegrateAndFire(Cell):
    """Leaky integrate-and-fire: cm dv/dt = cm (v_rest - v)/tau_m + i_offset + i_syn (PyNN ``IF_*``)."""

    v_rest: float = quantity(-49.0, "mV", "resting potential", sense=ranges.POTENTIAL_MV)
    v_reset: float = quantity(-60.0, "mV", "v after a spike", sense=ranges.POTENTIAL_MV)
    v_thresh: float = quantity(-50.0, "mV", "spike threshold", sense=ranges.POTENTIAL_MV)
    cm: float = quantity(0.2, "nF", "membrane capacitance", sense=ranges.CAPACITANCE_NF, hard=ranges.DIVISOR)
    tau_m: float = quantity(20.0, "ms", "membrane time constant", sense=ranges.TIME_CONSTANT_MS, hard=ranges.DIVISOR)
    tau_refrac: float = quantity(5.0, "ms", "refractory period", sense=ranges.REFRACTORY_MS)
    i_offset: float = quantity(0.0, "nA", "constant input current", sense=ranges.CURRENT_NA)
    v_init: ValueSetting = drawn(uniform(-60.0, -50.0), "mV", "v at time 0", sense=ranges.POTENTIAL_MV)

    def check(self, dt_ms: float) -> None:
        if self.v_reset >= self.v_thresh:
            below = f"must be below cell.v_thresh={self.v_thresh:g} mV"
            refuse("cell.v_reset", self.v_reset, f"{below}; else firing never stops")
        check_at_least("cell.tau_refrac", self.tau_refrac, 0.0, "ms")
        check_few_steps("cell.tau_refrac", self.tau_refrac, dt_ms)
        check_multiple("cell.tau_refrac", self.tau_refrac, dt_ms)
        if self.integrator == "euler" and self.tau_m < dt_ms:
            refuse("cell.tau_m", self.tau_m, f"is too fast for cell.integrator=euler; it must be at least {dt_ms:g} ms")
