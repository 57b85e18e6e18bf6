"""The sweepers, each in one module or folder. Nothing lists them: :func:`varesearch.config.parts.parts` finds them."""
