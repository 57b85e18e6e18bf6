"""How the module of a synapse describes it to each simulator.

Pre- and postsynaptic spikes are events of the synapse. The delay of a synapse is wholly dendritic, which is PyNN's
convention: with a delay of n steps, the synapse sees the spike of step k of its source in step k, and the spike of step
m of its target in step m + n. A pair that the synapse sees in one step changes nothing by itself, and a step's
postsynaptic spike comes before its presynaptic one. The weight that is delivered to the target, n steps later, is that
after the presynaptic spike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class EventCode:
    """A synapse by code over plain numbers, run at each event.

    The code knows the settings of the synapse under their names, its weight ``w`` (a magnitude in our unit), ``h``, the
    time step in ms, and the traces, decayed up to the event. In ``on_pre``, ``NAME_before`` is a trace without the
    postsynaptic spike of the same step, for the traces of postsynaptic spikes.

    Attributes
    ----------
    pre_traces, post_traces
        Trace -> its time constant in ms. Every event decays all of them.
    on_pre, on_post
        What a spike does: assignments, one on a line.
    constants
        Further numbers that the code uses.
    starts
        Values at time 0 of further variables and of traces; traces start at 0 if they are not named.
    sent
        The weight that a presynaptic spike delivers, after ``on_pre``.
    """

    pre_traces: Mapping[str, float]
    post_traces: Mapping[str, float]
    on_pre: str
    on_post: str
    constants: Mapping[str, float] = field(default_factory=dict)
    starts: Mapping[str, float] = field(default_factory=dict)
    sent: str = "w"


@dataclass(frozen=True)
class NestSynapse:
    """A synapse that is a model of NEST.

    Attributes
    ----------
    model
        The name of the model.
    parameters
        Its parameters that are numbers or times in ms.
    weights
        Parameters in the unit of the weights that have the sign of a weight.
    magnitudes
        Parameters in the unit of the weights that are always positive.
    target
        Parameters that NEST keeps in the target's cells, such as ``tau_minus``: one value for all synapses onto a cell.
    """

    model: str
    parameters: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    magnitudes: Mapping[str, float] = field(default_factory=dict)
    target: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PynnMechanism:
    """A synapse that is a ``STDPMechanism`` of sPyNNaker: a timing rule and a weight rule.

    Attributes
    ----------
    timing, weight
        The classes, as names within the module ``pyNN.spiNNaker``.
    times
        Parameters of the timing rule.
    amplitudes
        Those of the timing rule that are in the unit of the weights.
    factors
        Those that are shares of what is left to a bound.
    bounds
        Parameters of the weight rule in the unit of the weights.
    weight_parameters
        Other parameters of the weight rule.
    binary
        The end of the name of the machine's program.
    wraps_below
        A weight below this, in the unit of the weights, may become negative at a spike of the source, which the
        program stores as the greatest number that 16 bits hold; 0: no weight does.
    """

    timing: str
    weight: str
    binary: str
    times: Mapping[str, float] = field(default_factory=dict)
    amplitudes: Mapping[str, float] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)
    bounds: Mapping[str, float] = field(default_factory=dict)
    weight_parameters: Mapping[str, float] = field(default_factory=dict)
    wraps_below: float = 0.0
