"""The formats, each in one module. Nothing lists them: :func:`varesearch.config.parts.parts` finds them."""
