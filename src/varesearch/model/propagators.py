"""Constants of one time step for linear equations: decays, and exact steps of membranes with their inputs.

Parameters have the names that the schemes use (``c_m`` for the capacitance in nF); times are in ms, potentials in mV,
currents in nA.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Parameters = Mapping[str, float]


def linear_propagator(matrix: NDArray[np.float64], dt_ms: float) -> NDArray[np.float64]:
    """Return exp(matrix dt), the exact step of a linear system (Rotter and Diesmann 1999, Biol. Cybern. 81:381).

    By scaling and squaring of the Taylor series, which has no singular case where two time constants are equal. (The
    tests compare it with ``scipy.linalg.expm``, whose import would add 0.17 s of CPU to a run that needs it for nothing
    else.)

    Parameters
    ----------
    matrix
        The rates of the system dx/dt = matrix x, in 1/ms, of shape (n, n).
    dt_ms
        The time step in ms.

    Examples
    --------
    >>> linear_propagator(np.array([[-0.1, 0.0], [0.0, -0.2]]), 1.0).round(4)
    array([[0.9048, 0.    ],
           [0.    , 0.8187]])
    """
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
    """Return exp(-dt/tau), the part of a current or a conductance that is left after a step."""
    return float(np.exp(-dt_ms / tau_ms))


def mean_alpha_conductances(parameters: Parameters, dt_ms: float) -> dict[str, float]:
    """Return what the mean of an alpha conductance over a step is made of: ``mean_E`` g + ``mean_yE`` y, and for I.

    dg/dt = (e y - g)/τ, dy/dt = -y/τ; g and y are those of the step's start, after the arrivals.
    """
    constants = {}
    for receptor in "EI":
        tau_ms = parameters[f"tau_syn_{receptor}"]
        mean = charge_gain(tau_ms, dt_ms)
        constants[f"mean_{receptor}"] = mean
        constants[f"mean_y{receptor}"] = np.e * (mean - decay(tau_ms, dt_ms))
    return constants


def charge_gain(tau_ms: float, dt_ms: float) -> float:
    """Return τ/dt (1 - exp(-dt/τ)), by which SpiNNaker multiplies exponential currents and conductances.

    With it, the input that a spike gives over all steps adds up to weight times τ (sPyNNaker, exponential synapse:
    ``init``).
    """
    return tau_ms / dt_ms * -float(np.expm1(-dt_ms / tau_ms))


def membrane(parameters: Parameters, dt_ms: float) -> dict[str, float]:
    """Return the constants of the exact step of a leaky membrane under a constant current.

    v(t + dt) = v_rest + leak (v(t) - v_rest) + gain I, with ``leak`` = exp(-dt/tau_m) and ``gain`` in mV for each nA.

    Examples
    --------
    >>> membrane({"tau_m": 20.0, "c_m": 0.2}, 1.0)
    {'leak': 0.951229424500714, 'gain': 4.877057549928599}
    """
    leak = float(np.exp(-dt_ms / parameters["tau_m"]))
    return {
        "leak": leak,
        "gain": parameters["tau_m"] / parameters["c_m"] * -float(np.expm1(-dt_ms / parameters["tau_m"])),
    }


def membrane_with_exponential_currents(parameters: Parameters, dt_ms: float) -> dict[str, float]:
    """:func:`membrane`, with ``gain_E`` and ``gain_I``: mV for each nA of a decaying current at the step's start."""
    constants = membrane(parameters, dt_ms)
    for receptor in "EI":
        rates = [[-1 / parameters["tau_m"], 1 / parameters["c_m"]], [0.0, -1 / parameters[f"tau_syn_{receptor}"]]]
        constants[f"gain_{receptor}"] = float(linear_propagator(np.array(rates), dt_ms)[0, 1])
    return constants


def membrane_with_alpha_currents(parameters: Parameters, dt_ms: float) -> dict[str, float]:
    """The same for currents that rise: ``gain_yE`` (mV for each nA of y), and ``rise_E``, which y adds to the current.

    di/dt = (e y - i)/τ, dy/dt = -y/τ: a step of y by w gives a current of peak w a time τ later.
    """
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
