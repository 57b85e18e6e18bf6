"""The tools of the project: benchmarks, studies, and the pages that are generated. Nothing that a user imports.

They belong to a checkout, and a wheel does not hold them. ``varesearch bench`` and ``varesearch studies`` start them.
"""
