"""The one exception for bad input."""

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
