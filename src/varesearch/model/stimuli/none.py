"""No stimulus."""

from dataclasses import dataclass

from varesearch.model.stimuli import Stimulus


@dataclass
class NoStimulus(Stimulus):
    """Nothing from outside."""
