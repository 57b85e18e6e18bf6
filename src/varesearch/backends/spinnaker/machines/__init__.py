"""The machines on which sPyNNaker can run, one small class each; :func:`choose_machine` picks one from the settings."""

from varesearch.backends.spinnaker.machines.base import Machine, Size
from varesearch.backends.spinnaker.machines.choose import MACHINES, choose_machine

__all__ = ["MACHINES", "Machine", "Size", "choose_machine"]
