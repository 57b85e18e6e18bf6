"""Many runs from one command: expanded, kept under one parent run, each in a process of its own, resumed."""

from varesearch.callable_package import make_callable

make_callable(__name__)
