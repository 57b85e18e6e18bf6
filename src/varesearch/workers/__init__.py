"""Tasks in processes of their own: each in a fork of a server that has paid the imports once.

A library of its own: it knows nothing of runs and sweeps. See :class:`varesearch.workers.client.ForkServer`.

Why not a library. multiprocessing (forkserver), loky and pebble 5.2 were tried with a task that starts a program:

* After SIGKILL of the parent, task and program go on with all three. Here both end at once.
* After a time limit pebble ends the task, but not the program (a compiler, a software board) that it started. None of
  them has a limit of memory, and none sees the memory of a task's programs.
* multiprocessing and pebble import the parent's ``__main__`` in every process, so that a script that calls
  ``va.sweep(...)`` outside of ``if __name__ == "__main__"`` fails. loky starts every process without preloaded
  simulators, uses it for several tasks, and gives up all tasks when one of its processes crashes.

What is missing is the process that watches over a task (:mod:`varesearch.workers.supervisor`), which is most of this
package; with a library it would be needed as well.
"""
