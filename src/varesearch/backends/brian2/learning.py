"""Synapses that learn, in Brian2: the code of a synapse's module as three pathways.

``pre`` and ``post`` are the events of the synapse, ``deliver`` is the arrival at the target. The delay is dendritic
(:mod:`varesearch.model.learning`): ``pre`` has none, ``post`` has the n steps of the delay, and ``deliver`` is n steps
after the spike of the source, like the arrival of a static synapse. What arrives is the weight after the last spike of
the source. Should the source fire again before a spike has arrived, both bring the newer weight, whereas NEST and
SpiNNaker keep each spike's own. In a synapse that only its source changes, ``pre`` is processed on arrival, and each
spike has its own.
"""

import re
from collections.abc import Iterable
from typing import Any

import brian2
import numpy as np
from numpy.typing import NDArray

from varesearch.config.synapse_type import SynapseType
from varesearch.model.learning import EventCode

POST_FIRST = {"post": -2, "pre": -1, "deliver": 0}
"""The order of the pathways within a step."""


def code_of(synapse: SynapseType) -> EventCode:
    """Return the code of a synapse. Raises KeyError if its module has none for Brian2."""
    return synapse.simulators["brian2"](synapse)


class LearningSynapses(brian2.Synapses):
    """Synapses of one projection, not yet connected.

    Parameters
    ----------
    source, target
        Brian2's groups.
    synapse
        How the weights change.
    arrival
        What a spike of weight ``w_syn`` does to the target.
    dt_ms
        The time step.
    clock
        The network's clock.
    name
        The name of Brian2's object.
    """

    def __init__(
        self, source: Any, target: Any, synapse: SynapseType, arrival: str, dt_ms: float, clock: Any, name: str
    ) -> None:
        code = code_of(synapse)
        traces = {**code.pre_traces, **code.post_traces}
        numbers = {key: value for key, value in synapse.parameters().items() if isinstance(value, int | float)}
        numbers |= {
            **code.constants,
            "h": dt_ms,
            "one": 1.0,
            **{f"tau_of_{trace}": tau for trace, tau in traces.items()},
        }
        further = [variable for variable in code.starts if variable not in traces]
        stored = [*traces, *further, *(f"{trace}_old" for trace in code.post_traces)]
        # Names of our own, since a variable of a cell may have the same one.
        names = {variable: f"{variable}_syn" for variable in ("w", *numbers, *stored, "event_at", "post_at")}

        def ours(lines: Iterable[str]) -> str:
            return re.sub(r"[A-Za-z_]\w*", lambda word: names.get(word[0], word[0]), "\n".join(lines))

        decays = [f"{it} = {it}*exp(-(t_in_timesteps - event_at)*h/tau_of_{it})" for it in traces]
        now = ["event_at = t_in_timesteps"]
        before = [
            f"{it}_before = {it}_old*int(post_at == t_in_timesteps) + {it}*int(post_at != t_in_timesteps)"
            for it in code.post_traces
        ]
        # Multiplied by one, since Brian2 adds in place: the copy would otherwise change with the original.
        olds = [f"{it}_old = one*{it}" for it in code.post_traces]
        names["w"] = "w_now"
        pathways = {
            "pre": ours([*decays, *now, *before, code.on_pre, f"w_sent = {code.sent}"]),
            "deliver": arrival,
        }
        learned_from_target = bool(code.on_post)
        super().__init__(
            source,
            target,
            model="\n".join(
                [
                    "w_now : 1",
                    "w_sent : 1",
                    "w_unit : 1",
                    "w_syn = w_sent*w_unit : 1",
                    *(f"{names[each]} : 1" for each in stored),
                    f"{names['event_at']} : integer",
                    f"{names['post_at']} : integer",
                ]
            ),
            on_pre=pathways,
            on_post=ours([*decays, *now, *olds, code.on_post, "post_at = t_in_timesteps"])
            if learned_from_target
            else None,
            dtype={names["event_at"]: np.int64, names["post_at"]: np.int64},
            clock=clock,
            namespace={names[key]: float(value) for key, value in numbers.items()},
            name=name,
        )
        self._starts = {names[variable]: value for variable, value in code.starts.items()}
        self._post_at = names["post_at"]
        # Where the target's spikes do not matter, those of the source are processed when they arrive.
        self._paths = ("deliver", "post") if learned_from_target else ("deliver", "pre")
        for path in {"pre", *self._paths}:
            getattr(self, path).order = POST_FIRST[path]

    def connect_all(
        self,
        pairs: tuple[NDArray[Any], NDArray[Any]],
        weights: NDArray[np.float64],
        unit: Any,
        arrival_steps: NDArray[Any],
        delay_steps: NDArray[Any],
    ) -> None:
        """Make the synapses.

        Parameters
        ----------
        pairs
            Sources and targets, of shape (synapses,).
        weights
            Magnitudes in our unit.
        unit
            What Brian2's weight of a synapse of weight 1 is: a number, or one for each synapse.
        arrival_steps
            The delay of the arrivals as Brian2 counts it.
        delay_steps
            The delay in our steps.
        """
        self.connect(i=pairs[0], j=pairs[1])
        self.w_now = weights
        self.w_sent = weights
        self.w_unit = unit
        setattr(self, self._post_at, -1)
        for variable, value in self._starts.items():
            setattr(self, variable, value)
        delays = {"deliver": arrival_steps, "pre": arrival_steps, "post": delay_steps}
        for path in self._paths:
            getattr(self, path).delay = delays[path] * self.clock.dt
