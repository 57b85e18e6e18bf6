"""Many runs from one command: expanded, kept under one parent run, each in a process of its own, resumed."""
