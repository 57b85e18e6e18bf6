"""What holds for every test."""

import signal

from hypothesis import settings

# No test asserts a time, on however busy a machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell starts what is in its background with SIGINT ignored, nohup with SIGHUP ignored, and programs that are started
# go on ignoring them: tests that send signals to a command would then depend on how pytest was started.
for signum, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(signum) is signal.SIG_IGN:
        signal.signal(signum, handler)
