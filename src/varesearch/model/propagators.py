"""Constants of one time step for linear equations: decays, and exact steps of membranes with their inputs.

Parameters have the names that the schemes use (``c_m`` for the capacitance in nF); times are in ms, potentials in mV,
currents in nA.

A parameter is a number, or an array with its value in each cell; so is then what is computed from it. For a cell the
result is the same to the last bit, whether its numbers come alone or in an array.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Parameters = Mapping[str, Any]
"""Name -> a number, or an array with the value in each cell."""


def linear_propagator(matrix: NDArray[np.float64], dt_ms: float) -> NDArray[np.float64]:
    """Return exp(matrix dt), the exact step of a linear system (Rotter and Diesmann 1999, Biol. Cybern. 81:381).

    By scaling and squaring of the Taylor series, which has no singular case where two time constants are equal. (The
    tests compare it with ``scipy.linalg.expm``, whose import would add 0.17 s of CPU to a run that needs it for nothing
    else.)

    Parameters
    ----------
    matrix
        The rates of the system dx/dt = matrix x, in 1/ms, of shape (..., n, n).
    dt_ms
        The time step in ms.

    Examples
    --------
    >>> linear_propagator(np.array([[-0.1, 0.0], [0.0, -0.2]]), 1.0).round(4)
    array([[0.9048, 0.    ],
           [0.    , 0.8187]])
    """
    norm = np.abs(matrix * dt_ms).sum(axis=-1).max(axis=-1)
    squarings = np.maximum(np.ceil(np.log2(np.maximum(norm, 1e-300))).astype(int) + 3, 0)
    scaled = matrix * dt_ms / 2.0 ** squarings[..., None, None]
    term = result = np.broadcast_to(np.eye(matrix.shape[-1]), matrix.shape)
    for order in range(1, 16):
        term = term @ scaled / order
        result = result + term
    for done in range(squarings.max(initial=0)):
        result = np.where((done < squarings)[..., None, None], result @ result, result)
    return result


def decay(tau_ms: Any, dt_ms: float) -> Any:
    """Return exp(-dt/tau), the part of a current or a conductance that is left after a step."""
    return _plain(np.exp(-dt_ms / tau_ms))


def mean_alpha_conductances(parameters: Parameters, dt_ms: float) -> dict[str, Any]:
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


def charge_gain(tau_ms: Any, dt_ms: float) -> Any:
    """Return τ/dt (1 - exp(-dt/τ)), by which SpiNNaker multiplies exponential currents and conductances.

    With it, the input that a spike gives over all steps adds up to weight times τ (sPyNNaker, exponential synapse:
    ``init``).
    """
    return tau_ms / dt_ms * -_plain(np.expm1(-dt_ms / tau_ms))


def membrane(parameters: Parameters, dt_ms: float) -> dict[str, Any]:
    """Return the constants of the exact step of a leaky membrane under a constant current.

    v(t + dt) = v_rest + leak (v(t) - v_rest) + gain I, with ``leak`` = exp(-dt/tau_m) and ``gain`` in mV for each nA.

    Examples
    --------
    >>> membrane({"tau_m": 20.0, "c_m": 0.2}, 1.0)
    {'leak': 0.951229424500714, 'gain': 4.877057549928599}
    """
    leak = _plain(np.exp(-dt_ms / parameters["tau_m"]))
    return {
        "leak": leak,
        "gain": parameters["tau_m"] / parameters["c_m"] * -_plain(np.expm1(-dt_ms / parameters["tau_m"])),
    }


def membrane_with_exponential_currents(parameters: Parameters, dt_ms: float) -> dict[str, Any]:
    """:func:`membrane`, with ``gain_E`` and ``gain_I``: mV for each nA of a decaying current at the step's start."""
    constants = membrane(parameters, dt_ms)
    for receptor in "EI":
        constants[f"gain_{receptor}"] = gain_of_decaying_current(parameters, parameters[f"tau_syn_{receptor}"], dt_ms)
    return constants


def gain_of_decaying_current(parameters: Parameters, tau_ms: Any, dt_ms: float) -> Any:
    """Return by how many mV each nA of a current moves v in a step, if it decays with ``tau_ms`` from its start on."""
    rates = [[-1 / parameters["tau_m"], 1 / parameters["c_m"]], [0.0, -1 / tau_ms]]
    return _plain(linear_propagator(_matrix(rates), dt_ms)[..., 0, 1])


def membrane_with_alpha_currents(parameters: Parameters, dt_ms: float) -> dict[str, Any]:
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
        step = linear_propagator(_matrix(rates), dt_ms)
        constants[f"gain_y{receptor}"] = _plain(step[..., 0, 2])
        constants[f"rise_{receptor}"] = _plain(step[..., 1, 2])
    return constants


def _matrix(rows: Sequence[Sequence[Any]]) -> NDArray[np.float64]:
    """Return the matrix with these entries, of shape (n, n), or one for each cell if an entry is an array."""
    shape = np.broadcast_shapes(*(np.shape(entry) for row in rows for entry in row))
    return np.stack([np.stack([np.broadcast_to(entry, shape) for entry in row], axis=-1) for row in rows], axis=-2)


def _plain(value: Any) -> Any:
    """Return a number as Python's, and an array as it is."""
    return float(value) if np.ndim(value) == 0 else value
