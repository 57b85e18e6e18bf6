"""Numbers of one time step for linear equations: decays, and exact steps of membranes with their inputs.

Parameters have the names that the schemes use (``c_m`` for the capacitance). numpy is imported when a number is asked
for: the settings of a cell must cost nothing.
"""

from collections.abc import Mapping
from typing import Any

Parameters = Mapping[str, float]


def linear_propagator(matrix: Any, dt_ms: float) -> Any:
    """exp(matrix dt): the exact step of a linear system (Rotter and Diesmann 1999, Biol. Cybern. 81:381).

    By scaling and squaring of the Taylor series, which has no singular case where two time constants are equal.
    """
    import numpy as np

    squarings = max(0, int(np.ceil(np.log2(max(np.abs(matrix * dt_ms).sum(axis=1).max(), 1e-300)))) + 3)
    scaled = matrix * dt_ms / 2.0**squarings
    term = result = np.eye(len(matrix))
    for order in range(1, 16):
        term = term @ scaled / order
        result = result + term
    for _ in range(squarings):
        result = result @ result
    return result


def decay(tau_ms: float, dt_ms: float) -> float:
    """exp(-dt / tau): what is left of a current or a conductance after a step."""
    import numpy as np

    return float(np.exp(-dt_ms / tau_ms))


def charge_gain(tau_ms: float, dt_ms: float) -> float:
    """τ/dt (1 - exp(-dt/τ)): with it, the currents a spike injects over all steps sum up to weight times τ.

    SpiNNaker multiplies every exponential current by it (sPyNNaker, exponential synapse: ``init``).
    """
    import numpy as np

    return tau_ms / dt_ms * -float(np.expm1(-dt_ms / tau_ms))


def membrane(parameters: Parameters, dt_ms: float) -> dict[str, float]:
    """The exact step of a leaky membrane under a constant current: ``leak`` and ``gain`` (mV for each nA)."""
    import numpy as np

    leak = float(np.exp(-dt_ms / parameters["tau_m"]))
    return {
        "leak": leak,
        "gain": parameters["tau_m"] / parameters["c_m"] * -float(np.expm1(-dt_ms / parameters["tau_m"])),
    }


def membrane_with_exponential_currents(parameters: Parameters, dt_ms: float) -> dict[str, float]:
    """:func:`membrane`, with ``gain_E`` and ``gain_I``: mV for each nA of a decaying current at the step's start."""
    import numpy as np

    constants = membrane(parameters, dt_ms)
    for receptor in "EI":
        rates = [[-1 / parameters["tau_m"], 1 / parameters["c_m"]], [0.0, -1 / parameters[f"tau_syn_{receptor}"]]]
        constants[f"gain_{receptor}"] = float(linear_propagator(np.array(rates), dt_ms)[0, 1])
    return constants


def membrane_with_alpha_currents(parameters: Parameters, dt_ms: float) -> dict[str, float]:
    """The same for currents that rise: ``gain_yE`` (mV for each nA of y), and ``rise_E``, which y adds to the current.

    di/dt = (e y - i)/τ, dy/dt = -y/τ: a step of y by w gives a current of peak w a time τ later.
    """
    import numpy as np

    constants = membrane_with_exponential_currents(parameters, dt_ms)
    for receptor in "EI":
        rate = 1 / parameters[f"tau_syn_{receptor}"]
        rates = [
            [-1 / parameters["tau_m"], 1 / parameters["c_m"], 0.0],
            [0.0, -rate, np.e * rate],
            [0.0, 0.0, -rate],
        ]
        step = linear_propagator(np.array(rates), dt_ms)
        constants[f"gain_y{receptor}"] = float(step[0, 2])
        constants[f"rise_{receptor}"] = float(step[1, 2])
    return constants
