"""The one exception for bad input."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from varesearch.config.addresses import redact
from varesearch.config.wording import shortened

_LONGEST_WORD = 300
"""Longer than any path or list without spaces in our own messages."""


class ConfigurationError(ValueError):
    """A setting that cannot be run.

    The message is one line: the setting, its value, what is allowed and how to mend it. The command line prints it
    and exits with code 2, before anything is built or tracked. Credentials in the message are replaced by stars, and
    absurdly long words are cut, wherever they come from; :func:`varesearch.config.wording.echoed` cuts values shorter.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(shortened(word, _LONGEST_WORD) for word in redact(message).split(" ")))


@contextmanager
def renamed(group: str, where: str) -> Iterator[None]:
    """Name the settings of a part in messages as they are called where it stands.

    A part knows its settings by the name of its group. Where it stands elsewhere in the configuration, as the cell of
    one population does, ``cell.a`` in the message of a :class:`ConfigurationError` becomes ``populations.inh.cell.a``.

    Examples
    --------
    >>> with renamed("cell", "populations.inh.cell"):
    ...     raise ConfigurationError("cell.a=-1 must be at least 0 per ms")
    Traceback (most recent call last):
        ...
    varesearch.config.errors.ConfigurationError: populations.inh.cell.a=-1 must be at least 0 per ms
    """
    try:
        yield
    except ConfigurationError as error:
        if where == group:
            raise
        raise type(error)(re.sub(rf"(?<![\w.]){group}\.", f"{where}.", str(error))) from None
