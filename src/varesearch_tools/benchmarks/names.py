"""The names of networks, simulators, programs and phases on the page and in the figures, in their order."""

NETWORKS = {"seed": "seed network (Izhikevich)", "va_coba": "VA COBA", "va_cuba": "VA CUBA"}

SIMULATORS = {
    "brian2_numpy": "Brian2, numpy",
    "brian2_cython": "Brian2, Cython",
    "brian2_cpp": "Brian2, C++",
    "nest_1": "NEST, 1 thread",
    "nest_2": "NEST, 2 threads",
    "board": "software board",
}

PROGRAMS = {
    "notebook": "the original notebook (PyNN on Brian2 as shipped)",
    "command": "varesearch, the whole command",
    "varesearch": "varesearch, draw to collect",
    "brian2": "native Brian2",
    "nest": "native NEST",
}

PHASES = ("import", "draw", "compile", "build", "simulate", "collect", "analyse", "plot", "track")
