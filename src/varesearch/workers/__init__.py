"""Tasks in processes of their own: each runs in a fork of a server that has done the imports once.

This package is independent of runs and sweeps. See :class:`varesearch.workers.client.ForkServer`.

Why no existing library is used: multiprocessing (forkserver), loky and pebble 5.2 were tried with a task that starts a
program.

* If the parent gets SIGKILL, the task and its program go on with all three libraries. Here both end at once.
* After a time limit, pebble ends the task, but not the program (a compiler, a software board) that the task started.
  None of the libraries limits memory or measures the memory of a task's programs.
* multiprocessing and pebble import the parent's ``__main__`` in every process, so that a script that calls
  ``va.sweep(...)`` outside of ``if __name__ == "__main__"`` fails. loky starts every process without preloaded
  simulators, uses it for several tasks, and gives up all tasks when one of its processes crashes.

All of them lack the process that supervises a task (:mod:`varesearch.workers.supervisor`), which is most of this
package and would be needed with a library, too.
"""
