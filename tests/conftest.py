"""What holds for every test."""

from hypothesis import settings

# No test asserts a time, on however busy a machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
