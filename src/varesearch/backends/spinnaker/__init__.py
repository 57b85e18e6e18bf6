"""SpiNNaker through the unmodified sPyNNaker 7.4.1.

Left to right: ``machines`` (where it runs) -> ``session`` (what sPyNNaker changes in the process) -> ``connectors``,
``building`` (the network) -> ``reading`` (spikes, v), ``provenance``, ``quantisation``, ``mapping`` (what is known
about the run) -> ``backend``.
"""
