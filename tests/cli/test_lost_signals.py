"""A signal whose exception is lost in the command ends the command all the same."""

import os
import signal
import sys
from pathlib import Path

import pytest
from struck import strike

CAUGHT = """
    try:
        time.sleep(60)
    except BaseException:
        pass
"""
DESTROYED = """
    class Slow:
        def __del__(self):
            time.sleep(60)
    del [Slow()][:]
"""
CALLED_BACK = """
    class Thing:
        pass
    thing = Thing()
    reference = weakref.ref(thing, lambda _: time.sleep(60))
    del thing
"""
WRAPPED = """
    class Field:
        def __set_name__(self, owner, name):
            time.sleep(60)
    class Owner:
        field = Field()
"""
COMMAND = """
import sys, time, weakref
from varesearch.signals import {imports}
def main():
{lose}
{rest}
    return 0
if __name__ == "__main__":
    sys.exit(run_command("it", "losing:main"))
"""
WAIT = "    time.sleep(60)"
GUARDED = f"""
    guard = SignalGuard()
    guard.install()
{{lose}}
{WAIT}
"""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "lose", [CAUGHT, DESTROYED, CALLED_BACK, WRAPPED], ids=["caught", "destroyed", "called_back", "wrapped"]
)
@pytest.mark.parametrize("guarded", [False, True])
def test_a_signal_ends_a_command_wherever_its_exception_is_lost(
    guarded: bool, lose: str, signum: signal.Signals, tmp_path: Path
) -> None:
    program = (
        COMMAND.format(imports="SignalGuard, run_command", lose="", rest=GUARDED.format(lose=lose))
        if guarded
        else COMMAND.format(imports="run_command", lose=lose, rest=WAIT)
    )
    (tmp_path / "losing.py").write_text(program)
    path = os.pathsep.join([str(tmp_path), *sys.path])
    struck = strike(["losing"], signum, 0.3, {**os.environ, "PYTHONPATH": path})
    assert struck.code == 128 + signum, struck
    assert struck.err == ("it: interrupted (Ctrl-C)\n" if signum == signal.SIGINT else "it: ended by SIGTERM\n")


def test_a_signal_that_is_dealt_with_for_long_is_not_sent_again(tmp_path: Path) -> None:
    (tmp_path / "losing.py").write_text(
        COMMAND.format(
            imports="run_command",
            lose="""
    try:
        time.sleep(60)
    finally:
        time.sleep(1.5)
        print("tidied up")
""",
            rest=WAIT,
        )
    )
    path = os.pathsep.join([str(tmp_path), *sys.path])
    struck = strike(["losing"], signal.SIGINT, 0.3, {**os.environ, "PYTHONPATH": path})
    assert (struck.code, struck.out, struck.err) == (130, "tidied up\n", "it: interrupted (Ctrl-C)\n")
