"""Izhikevich's cell with exponential synaptic currents."""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.model.cells import (
    NativeModel,
    Pynn,
    Step,
    Steps,
    Synapse,
    ValueSetting,
    drawn,
    quantity,
    ranges,
    uniform,
)
from varesearch.model.cells._izhikevich import RESET, THRESHOLD, IzhikevichCell
from varesearch.model.propagators import charge_gain

EULER = Step(
    update="""
        dv = 0.04*v*v + 5*v + 140 - u + {drive} + ie + ii
        u = u + h*a*(b*v - u)
        v = v + h*dv
    """,
    threshold=THRESHOLD,
    reset=RESET,
)
"""Forward Euler for v and u."""

MIDPOINT = Step(
    update="""
        p = {drive} + ie + ii + 140 - u
        alpha = (0.04*v + 5)*v + p
        eta = v + 0.5*alpha*step
        beta = 0.5*step*a*(b*v - u)
        v = v + step*(p - beta + (0.04*eta + 5)*eta)
        u = u + step*a*(b*eta - (u + beta))
        step = h
    """,
    threshold=THRESHOLD,
    reset=f"{RESET}\nstep = 1.85*h",
    further=("step",),
    starts=lambda _parameters, dt_ms: {"step": dt_ms},
    gain=charge_gain,
)
"""SpiNNaker's midpoint rule in float64 (sPyNNaker ``neuron_model_izh_impl.h``; Hopkins and Furber 2015, Neural Comput.
27:2148): the step after a spike is 1.85 steps long, to make up for the part of a step past the threshold."""


@dataclass
class Izhikevich(IzhikevichCell):
    """Izhikevich's cell with exponential synaptic currents, the model SpiNNaker calls ``Izhikevich``.

    dv/dt = 0.04 v² + 5 v + 140 - u + i_offset + i_exc - i_inh;  du/dt = a (b v - u);  v >= 30 mV: v = c, u += d
    (Izhikevich 2003, IEEE Trans. Neural Networks 14:1569, eqs. 1-3); di/dt = -i/tau_syn, a spike adds its weight to i.
    """

    synapse = Synapse.CURRENT
    simulators: ClassVar = {
        "brian2": Steps({"euler": EULER, "spinnaker": MIDPOINT}),
        "nest": NativeModel(
            "izhikevich_exp",
            ("euler",),
            names={"i_offset": "I_e", "tau_syn_E": "tau_syn_ex", "tau_syn_I": "tau_syn_in"},
            variables={"v": "V_m", "u": "U_m"},
            compiled=True,
            acts_on_arrival=True,
        ),
        "spinnaker": Pynn("Izhikevich", ("spinnaker",), scheme="midpoint"),
    }

    tau_syn_E: float = quantity(5.0, "ms", "decay of the excitatory current", plausible=ranges.SYNAPTIC_MS)
    tau_syn_I: float = quantity(5.0, "ms", "decay of the inhibitory current", plausible=ranges.SYNAPTIC_MS)
    v_init: ValueSetting = drawn(uniform(-65.0, -14.0), "mV", "v at time 0", plausible=ranges.POTENTIAL_MV)
    weight_exc: ValueSetting = drawn(1.0, "mV/ms", "default excitatory weight", plausible=ranges.WEIGHT_MV_PER_MS)
    weight_inh: ValueSetting = drawn(2.5, "mV/ms", "default inhibitory weight", plausible=ranges.WEIGHT_MV_PER_MS)
    weight_stimulus: ValueSetting = drawn(
        0.1, "mV/ms", "default weight of a stimulus", plausible=ranges.WEIGHT_MV_PER_MS
    )
