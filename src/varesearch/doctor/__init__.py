"""``varesearch doctor``: what works on this machine, and how to mend what does not."""

from varesearch.doctor.finding import Finding, State

__all__ = ["Finding", "State"]
