"""Children on this machine, one after another."""

from dataclasses import dataclass

from varesearch.sweeps.launchers._this_machine import ThisMachine


@dataclass
class Basic(ThisMachine):
    """One child after another, each in a process of its own on this machine."""

    @property
    def workers_here(self) -> int:
        return 1
