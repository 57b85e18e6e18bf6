"""The launchers, each in one module or folder. Nothing lists them: :func:`varesearch.config.parts.parts` finds them.

Their modules are imported by every command, so that what is large is imported where it is used.
"""
