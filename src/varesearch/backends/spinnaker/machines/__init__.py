"""The machines on which sPyNNaker can run: each module is one, found by its name, which ``backend.machine`` takes.

:func:`choose_machine` makes the machine that the settings name.
"""

from varesearch.backends.spinnaker.machines._base import Machine, Size
from varesearch.backends.spinnaker.machines._choice import choose_machine

__all__ = ["Machine", "Size", "choose_machine"]
