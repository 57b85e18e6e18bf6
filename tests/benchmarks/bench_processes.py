"""Start a program, wait for it, and say what it took."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

from varesearch.phases import PhaseTime


def run_python(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[str, PhaseTime]:
    """Run this Python with ``arguments`` and return its standard output, its wall time and all the CPU time it took.

    The CPU time holds that of the children it has waited for. Raises RuntimeError, with the end of what it said, if
    its exit code is not 0.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        variables = {**os.environ, **environment}
        process = subprocess.Popen([sys.executable, *arguments], stdout=out, stderr=err, env=variables)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall_s = time.perf_counter() - began
        process.returncode = code = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        output, complaints = out.read().decode(errors="replace"), err.read().decode(errors="replace")
    if code:
        said = f"{output[-1000:]}\n{complaints[-3000:]}"
        raise RuntimeError(f"{' '.join(arguments)} ended with exit code {code}:\n{said}")
    return output, PhaseTime(wall_s, usage.ru_utime + usage.ru_stime)
