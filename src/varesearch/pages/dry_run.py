"""The page of ``dry_run=true``."""

import yaml

from varesearch.config.compose import Composed
from varesearch.config.wording import byte_size
from varesearch.network import estimate
from varesearch.pages.layout import columns, paragraph, width
from varesearch.preflight import memory_need, recording_file_bytes


def dry_run_page(composed: Composed) -> str:
    """The resolved configuration as YAML, and in comments above it what would be built."""
    config, expected = composed.config, estimate(composed.config)
    need = memory_need(config)
    chosen = " ".join(f"{group}={option}" for group, option in composed.choices.items() if option is not None)
    steps = round(config.simulation.duration_ms / config.simulation.dt_ms)
    rows = [
        ("cells", f"{sum(expected.cells.values()):,} ({_counts(expected.cells)})"),
        ("synapses", f"about {expected.n_synapses:,.0f} ({_counts(expected.synapses)})"),
        ("input spikes", f"about {expected.input_spikes:,.0f}"),
        ("steps", f"{steps:,} of {config.simulation.dt_ms:g} ms"),
        (
            "memory",
            f"about {byte_size(need.total)} at its peak, {byte_size(need.run)} of it whatever the network's size",
        ),
        ("recording", f"about {byte_size(recording_file_bytes(config))} on the disk"),
    ]
    to = width() - len("# ")
    head = f"{paragraph(f'Nothing is run. {chosen}', to)}\nWould be built:\n{columns(rows, to=to)}"
    comments = "\n".join(f"# {line}" for line in head.splitlines())
    return f"{comments}\n{yaml.safe_dump(composed.resolved, sort_keys=False, allow_unicode=True).rstrip()}"


def _counts(counts: dict[str, int] | dict[str, float]) -> str:
    return ", ".join(f"{name} {count:,.0f}" for name, count in counts.items())
