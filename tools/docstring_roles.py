"""Docstrings for the site: what Sphinx's roles point at becomes plain code, as Markdown writes it."""

import re
from typing import Any

import griffe

_ROLE = re.compile(r":[a-z]+:`~?\.?([^`]+)`")
_LITERAL = re.compile(r"``([^`]+)``")


class Roles(griffe.Extension):
    """``:class:`.Row``` and double back-ticks are written as Markdown's code."""

    def on_instance(self, *, obj: griffe.Object | griffe.Alias, **_: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            obj.docstring.value = _LITERAL.sub(r"`\1`", _ROLE.sub(r"`\1`", obj.docstring.value))
