"""Leaky integrate-and-fire with exponential currents and an adaptation by calcium."""

from dataclasses import dataclass
from typing import Any, ClassVar

from varesearch.model.cells import FREE, Pynn, Step, Steps, Synapse, ValueSetting, drawn, quantity, ranges
from varesearch.model.cells._integrate_and_fire import RESET, THRESHOLD
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.model.propagators import (
    Parameters,
    charge_gain,
    decay,
    gain_of_decaying_current,
    membrane,
    membrane_with_exponential_currents,
)

RAISED = f"i_ca2 += i_alpha\n{RESET}"


def _exact(parameters: Parameters, dt_ms: float) -> dict[str, Any]:
    return {
        **membrane_with_exponential_currents(parameters, dt_ms),
        "gain_ca2": gain_of_decaying_current(parameters, parameters["tau_ca2"], dt_ms),
        "decay_ca2": decay(parameters["tau_ca2"], dt_ms),
    }


def _spinnaker(parameters: Parameters, dt_ms: float) -> dict[str, Any]:
    return {**membrane(parameters, dt_ms), "decay_ca2": decay(parameters["tau_ca2"], dt_ms)}


EXACT = Step(
    update=f"""
        {FREE}
        v = v + free*((v_rest - v)*(1 - leak) + gain*{{drive}} + gain_E*ie + gain_I*ii - gain_ca2*i_ca2)
        i_ca2 = i_ca2*decay_ca2
    """,
    threshold=THRESHOLD,
    reset=RAISED,
    constants=_exact,
)
"""The closed form of the membrane with its three decaying currents."""

SPINNAKER = Step(
    update=f"""
        {FREE}
        i_ca2 = i_ca2*decay_ca2
        v = v + free*((v_rest - v)*(1 - leak) + gain*({{drive}} + ie + ii - i_ca2))
    """,
    threshold=THRESHOLD,
    reset=RAISED,
    constants=_spinnaker,
    gain=charge_gain,
)
"""SpiNNaker's in float64 (sPyNNaker ``additional_input_ca2_adaptive_impl.h``, ``neuron_model_lif_impl.h``): i_ca2
decays first; v is updated with all currents held constant; a spike raises i_ca2, which decays once before it acts."""


@dataclass
class IfCurrExpCa2(IfCurrExp):
    """sPyNNaker ``IFCurrExpCa2Adaptive``: ``if_curr_exp`` with a current that spikes raise and that opposes firing.

    cm dv/dt = cm (v_rest - v)/tau_m + i_exc - i_inh - i_ca2 + i_offset;  di_ca2/dt = -i_ca2/tau_ca2;  di/dt =
    -i/tau_syn, a spike adds its weight to i;  v >= v_thresh: v = v_reset, held for tau_refrac, i_ca2 += i_alpha (after
    Liu and Wang 2001, J. Comput. Neurosci. 10:25, whose calcium decays with 50 ms and drives a potassium conductance;
    sPyNNaker makes a current of it). tau_ca2 and i_alpha have sPyNNaker's defaults.

    NEST has no cell with a deterministic threshold and such a current.
    """

    synapse = Synapse.CURRENT
    variables: ClassVar = {"v": "mV", "i_ca2": "nA"}
    simulators: ClassVar = {
        "brian2": Steps({"exact": EXACT, "spinnaker": SPINNAKER}),
        "spinnaker": Pynn(
            "extra_models.IFCurrExpCa2Adaptive",
            ("spinnaker",),
            scheme="currents held constant",
            program="IF_curr_exp_ca2_adaptive",
        ),
    }

    tau_ca2: float = quantity(50.0, "ms", "time constant of i_ca2", plausible=ranges.TIME_CONSTANT_MS)
    i_alpha: float = quantity(0.1, "nA", "added to i_ca2 at a spike", plausible=ranges.CURRENT_NA)
    i_offset: float = quantity(0.0, "nA", "constant input current", plausible=ranges.CURRENT_NA)
    i_ca2_init: ValueSetting = drawn(0.0, "nA", "i_ca2 at time 0", plausible=ranges.CURRENT_NA)
