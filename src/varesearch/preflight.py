"""Whether this machine can hold what a configuration asks for, told before anything is drawn."""

import psutil

from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import Config
from varesearch.network import NetworkEstimate, estimate


def check_memory(config: Config) -> None:
    """Raise ConfigurationError if the network and its recording are larger than this machine's memory."""
    expected, memory = estimate(config), psutil.virtual_memory().total
    largest = max(expected.peak_bytes, expected.recording_bytes)
    if largest > memory:
        raise ConfigurationError(_message(config, expected, memory))


def _message(config: Config, expected: NetworkEstimate, memory: int) -> str:
    if expected.peak_bytes > expected.recording_bytes:
        setting, size = f"connectivity.n={config.connectivity.n}", expected.peak_bytes
        what, mend = f"about {expected.n_synapses:.2g} synapses", "take fewer cells or synapses"
    else:
        setting, size = f"simulation.duration_ms={config.simulation.duration_ms:g}", expected.recording_bytes
        what, mend = "the samples", "set recording.cells, a longer recording.interval_ms or recording.signals=[]"
    return f"{setting} needs {size / 1e9:,.0f} GB for {what}, this machine has {memory / 1e9:,.0f} GB; {mend}"
