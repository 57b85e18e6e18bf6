"""Work in processes of its own: each task in a fork of a server that has paid the imports once.

A library of its own: it knows nothing of runs and sweeps. See :class:`varesearch.workers.client.ForkServer`.
"""
