"""The one exception for bad input."""


class ConfigurationError(ValueError):
    """A setting that cannot be run.

    The message is one line: the setting, its value, what is allowed and how to mend it. The command line prints it
    and exits with code 2, before anything is built or tracked.
    """
