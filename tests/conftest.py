"""What holds for every test."""

import signal

from hypothesis import settings

# No test asserts a time, on however busy a machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell starts what is in its background with SIGINT ignored, and a program that it starts goes on ignoring it: tests
# that interrupt a command would then depend on how pytest was started.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
