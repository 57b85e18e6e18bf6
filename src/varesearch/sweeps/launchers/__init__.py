"""The launchers. :data:`LAUNCHERS` is the registry; one is imported when it is asked for."""

from importlib import import_module

from varesearch.config.launching import LauncherConfig
from varesearch.sweeps.launchers.base import Launcher, Work

LAUNCHERS = {
    "basic": "varesearch.sweeps.launchers.local:LocalLauncher",
    "joblib": "varesearch.sweeps.launchers.local:LocalLauncher",
    "submitit": "varesearch.sweeps.launchers.submitit:SubmititLauncher",
    "ray": "varesearch.sweeps.launchers.ray:RayLauncher",
}
"""Name in the configuration -> module:class; the class takes the settings (``config.launcher``)."""


def make_launcher(settings: LauncherConfig) -> Launcher:
    """The launcher of that name with its settings. Raises KeyError."""
    module, _, attribute = LAUNCHERS[settings.name].partition(":")
    return getattr(import_module(module), attribute)(settings)


__all__ = ["LAUNCHERS", "Launcher", "Work", "make_launcher"]
